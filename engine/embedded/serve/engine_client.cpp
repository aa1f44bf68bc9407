#include "engine/embedded/serve/engine_client.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace troupe::engine {

namespace {

caf::error asleep() {
  return make_failure(errc::overloaded, "the engine sleeps until POST /wake_up");
}

}  // namespace

engine_client::engine_client(boost::asio::io_context& context, scheduler_config config,
                             step_executor& executor, engine_metrics& metrics)
    : context_{context},
      metrics_{metrics},
      core_{std::move(config), executor, [this](step_report report) {
              boost::asio::post(context_, [this, r = std::move(report)] { deliver(r); });
            }} {}

engine_client::~engine_client() = default;

request_id engine_client::submit(generation_request request, output_handler& handler) {
  const auto id = next_id_++;
  open_.emplace(id, entry{&handler, {}});
  if (is_sleeping_) {
    refuse_later(id, asleep());
    return id;
  }
  if (auto accepted = core_.submit(id, std::move(request)); !accepted) {
    refuse_later(id, accepted.error());
  }
  return id;
}

void engine_client::refuse_later(request_id id, caf::error reason) {
  boost::asio::post(context_, [this, id, why = std::move(reason)] {
    step_report report;
    report.stats = stats_;
    report.outputs.emplace_back();
    report.outputs.back().id = id;
    report.outputs.back().refused = why;
    deliver(report);
  });
}

void engine_client::end(request_id id, finish_reason reason) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  auto last = std::move(found->second.last);
  open_.erase(found);
  core_.cancel(id);
  last.finish = reason;
  metrics_.observe_end(last);
}

void engine_client::sleep() {
  is_sleeping_ = true;
  std::vector<request_id> ids;
  for (const auto& [id, e] : open_) ids.push_back(id);
  for (const auto id : ids) {
    const auto found = open_.find(id);
    if (found == open_.end()) continue;  // an earlier refusal ended the whole answer
    auto* handler = found->second.handler;
    end(id, finish_reason::abort);
    request_output refusal;
    refusal.id = id;
    refusal.refused = asleep();
    handler->on_output(refusal);
  }
  core_.release_memory();
}

void engine_client::deliver(const step_report& report) {
  stats_ = report.stats;
  if (report.tokens > 0) metrics_.observe_step(report.tokens);
  for (const auto& output : report.outputs) {
    const auto found = open_.find(output.id);
    if (found == open_.end()) continue;  // ended while this step ran
    auto* handler = found->second.handler;
    const bool is_last = output.finish || output.refused;
    if (!output.refused) metrics_.observe_token(output);
    if (is_for_lack_of_room(output)) metrics_.observe_rejection();
    if (output.finish) metrics_.observe_end(output);
    if (is_last) {
      open_.erase(found);
    } else {
      found->second.last = output;
    }
    handler->on_output(output);
  }
}

// A sleeping engine refuses everything, whatever its queue holds.
bool engine_client::is_for_lack_of_room(const request_output& output) const {
  return output.refused && !is_sleeping_ &&
         failure_code(output.refused, errc::io_error) == errc::overloaded;
}

scheduler_stats engine_client::stats() const {
  auto stats = stats_;
  stats.running = std::min(stats.running, open_.size());
  stats.waiting = open_.size() - stats.running;
  stats.is_asleep = is_sleeping_;
  return stats;
}

}  // namespace troupe::engine
