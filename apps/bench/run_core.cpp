#include "apps/bench/run_core.hpp"

#include <algorithm>
#include <utility>

namespace troupe::apps::bench {

using std::chrono::nanoseconds;

namespace {

double seconds(nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

}  // namespace

run_core::run_core(std::unique_ptr<workload> what, run_limits limits)
    : what_{std::move(what)}, limits_{limits} {}

// When the next request is due that may still be sent.
std::optional<nanoseconds> run_core::upcoming() const {
  if (result_.is_interrupted) return std::nullopt;
  const auto due = what_->next_due();
  if (due && limits_.duration.count() > 0 && *due >= limits_.duration) return std::nullopt;
  return due;
}

std::optional<nanoseconds> run_core::next_wake() const {
  if (under_way_.size() >= limits_.connections_max) return std::nullopt;
  return upcoming();
}

std::optional<planned_request> run_core::start(nanoseconds now) {
  const auto due = next_wake();
  if (!due || *due > now) return std::nullopt;
  planned_request asked = what_->take();
  request_record record;
  record.due = asked.due;
  record.sent = now;
  record.user = asked.user;
  record.round = asked.round;
  record.is_warmup = asked.due < limits_.warmup;
  ++totals_.sent;
  under_way_.emplace(asked.id, open_request{asked, record});
  result_.under_way_max = std::max(result_.under_way_max, under_way_.size());
  return asked;
}

void run_core::content(std::uint64_t id, std::uint32_t pieces, nanoseconds now) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end() || pieces == 0) return;
  request_record& record = found->second.record;
  if (record.pieces == 0) {
    record.first = now;
    ttft_sum_s_ += seconds(now - record.due);
    ++ttfts_;
  } else if (!record.is_warmup) {
    result_.gaps_s.add(seconds(now - record.last));
  }
  // What came in one read has no gap between its pieces.
  for (std::uint32_t i = 1; i < pieces && !record.is_warmup; ++i) result_.gaps_s.add(0);
  record.last = now;
  record.pieces += pieces;
}

void run_core::note_failure(const answer_end& end) {
  auto at = result_.failures.find(end.failure);
  if (at == result_.failures.end()) {
    const bool full = result_.failures.size() + 1 >= failure_kinds_max;
    at = result_.failures.try_emplace(full ? "other" : end.failure).first;
  }
  if (at->second.count++ == 0) at->second.example = end.reason;
}

void run_core::ended(std::uint64_t id, const answer_end& end, nanoseconds now) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;
  open_request request = std::move(found->second);
  under_way_.erase(found);
  const bool good = end.failure.empty();
  request.record.usage = end.usage;
  request.record.fate = good ? request_fate::answered : request_fate::failed;
  ++(good ? totals_.answered : totals_.failed);
  if (!good && !request.record.is_warmup) note_failure(end);
  what_->ended(request.asked, good ? std::optional<std::string_view>{end.text} : std::nullopt);
  close(std::move(request), now);
}

void run_core::close(open_request request, nanoseconds now) {
  request.record.ended = now;
  result_.records.push_back(request.record);
}

void run_core::interrupt(nanoseconds now) {
  result_.is_interrupted = true;
  for (auto& [id, request] : std::exchange(under_way_, {})) close(std::move(request), now);
}

run_progress run_core::progress() const {
  run_progress told = totals_;
  told.under_way = under_way_.size();
  told.ttft_mean_s = ttfts_ == 0 ? 0 : ttft_sum_s_ / static_cast<double>(ttfts_);
  return told;
}

}  // namespace troupe::apps::bench
