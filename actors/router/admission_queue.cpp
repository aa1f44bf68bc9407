#include "actors/router/admission_queue.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/assert.hpp"

namespace troupe::actors {
namespace {

constexpr std::chrono::duration<double> rate_span{10};
constexpr double retry_after_min_s = 1;
constexpr double retry_after_max_s = 60;

double decay(time_point from, time_point to) {
  return std::exp(-(std::chrono::duration<double>{std::max(to, from) - from} / rate_span));
}

}  // namespace

bool admission_queue::fits(std::size_t requests, std::size_t bytes) const {
  return requests <= limits_.requests_max && bytes <= limits_.bytes_max;
}

// The request that would be served last: of the largest priority number, and there the farthest
// from its turn.
std::optional<admission_queue::standing> admission_queue::last_in_line() const {
  std::optional<standing> last;
  for (const auto& [model, waiting] : lines_) {
    const auto& [priority, tag, id] = *waiting.order.rbegin();
    const standing here{priority, tag - waiting.flows.at(priority).time(), id};
    if (!last || *last < here) last = here;
  }
  return last;
}

// Where a newcomer would stand.
admission_queue::standing admission_queue::standing_of(ticket id,
                                                       const queued_request& request) const {
  const auto line = lines_.find(request.model);
  if (line == lines_.end()) return {request.priority, 0, id};
  const auto flows = line->second.flows.find(request.priority);
  if (flows == line->second.flows.end()) return {request.priority, 0, id};
  return {request.priority, flows->second.next_tag(request.flow) - flows->second.time(), id};
}

bool admission_queue::makes_room(const standing& last, const standing& newcomer,
                                 std::size_t bytes) const {
  const auto freed = entries_.at(std::get<ticket>(last)).request.bytes;
  return newcomer < last && fits(entries_.size(), bytes_ - freed + bytes);
}

// It was the last of its flow too: the flow need not pay for it.
void admission_queue::displace(ticket id) {
  const auto& [request, at] = entries_.at(id);
  auto& flows = lines_.find(request.model)->second.flows.at(request.priority);
  flows.take_back(request.flow, std::get<double>(at));
  take(id);
}

std::optional<ticket> admission_queue::add(ticket id, queued_request request) {
  TROUPE_ASSERT(!entries_.contains(id));
  std::optional<ticket> displaced;
  if (!fits(entries_.size() + 1, bytes_ + request.bytes)) {
    const auto last = last_in_line();
    if (!last || !makes_room(*last, standing_of(id, request), request.bytes)) return id;
    displaced = std::get<ticket>(*last);
    displace(*displaced);
  }
  auto& waiting = lines_[request.model];
  const auto tag = waiting.flows[request.priority].enter(request.flow, request.tokens);
  const place at{request.priority, tag, id};
  waiting.order.insert(at);
  deadlines_.emplace(request.deadline, id);
  bytes_ += request.bytes;
  entries_.emplace(id, entry{std::move(request), at});
  return displaced;
}

void admission_queue::take(ticket id) {
  const auto found = entries_.find(id);
  TROUPE_ASSERT(found != entries_.end());
  const auto& [request, at] = found->second;
  const auto line_at = lines_.find(request.model);
  auto& waiting = line_at->second;
  waiting.order.erase(at);
  const auto flows = waiting.flows.find(request.priority);
  flows->second.leave(request.flow);
  if (flows->second.empty()) waiting.flows.erase(flows);
  deadlines_.erase({request.deadline, id});
  bytes_ -= request.bytes;
  if (waiting.order.empty()) lines_.erase(line_at);
  entries_.erase(found);
}

bool admission_queue::remove(ticket id) {
  if (!entries_.contains(id)) return false;
  take(id);
  return true;
}

void admission_queue::note_departure(time_point now) {
  departures_ = 1 + (departed_at_ ? departures_ * decay(*departed_at_, now) : 0);
  departed_at_ = departed_at_ ? std::max(*departed_at_, now) : now;
}

void admission_queue::offer_each(const std::string& model, time_point now,
                                 const std::function<offer(ticket)>& to) {
  auto found = lines_.find(model);
  if (found == lines_.end()) return;
  std::optional<place> last;
  while (found != lines_.end()) {
    auto& waiting = found->second;
    const auto next = last ? waiting.order.upper_bound(*last) : waiting.order.begin();
    if (next == waiting.order.end()) return;
    last = *next;
    const auto id = std::get<ticket>(*last);
    const auto became = to(id);
    if (became == offer::held) return;
    if (became == offer::passed) continue;
    waiting.flows.at(std::get<std::int32_t>(*last)).serve(std::get<double>(*last));
    take(id);
    note_departure(now);
    found = lines_.find(model);
  }
}

std::vector<ticket> admission_queue::expire(time_point now) {
  std::vector<ticket> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    expired.push_back(deadlines_.begin()->second);
    take(expired.back());
  }
  return expired;
}

std::uint32_t admission_queue::retry_after_s(time_point now) const {
  const double recent = departed_at_ ? departures_ * decay(*departed_at_, now) : 0;
  const double per_s = recent / rate_span.count();
  const double wait_s = static_cast<double>(entries_.size() + 1) / std::max(per_s, 1e-3);
  return static_cast<std::uint32_t>(
      std::ceil(std::clamp(wait_s, retry_after_min_s, retry_after_max_s)));
}

std::vector<std::string> admission_queue::models() const {
  std::vector<std::string> names;
  for (const auto& [model, waiting] : lines_) names.push_back(model);
  return names;
}

}  // namespace troupe::actors
