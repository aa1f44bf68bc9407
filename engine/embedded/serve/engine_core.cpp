#include "engine/embedded/serve/engine_core.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace troupe::engine {

engine_core::engine_core(scheduler_config config, step_executor& executor, report_sink sink)
    : scheduler_{config},
      executor_{executor},
      sink_{std::move(sink)},
      chooser_{executor.vocab()},
      inbox_max_{config.limits.queued_requests_max},
      thread_{[this] { run(); }} {}

engine_core::~engine_core() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  wake_.notify_one();
  executor_.interrupt();
  thread_.join();
}

caf::expected<void> engine_core::submit(request_id id, generation_request request) {
  {
    const std::lock_guard lock{mutex_};
    if (arrivals_.size() >= inbox_max_) {
      return make_failure(errc::overloaded,
                          "the engine's inbox is full: " + std::to_string(arrivals_.size()) +
                              " requests are waiting (queued_requests_max)");
    }
    arrivals_.push_back({id, std::move(request), now()});
  }
  wake_.notify_one();
  return caf::unit;
}

void engine_core::cancel(request_id id) {
  {
    const std::lock_guard lock{mutex_};
    cancels_.push_back(id);
  }
  wake_.notify_one();
}

void engine_core::reset_prefix_cache() {
  {
    const std::lock_guard lock{mutex_};
    errands_.resets_cache = true;
  }
  wake_.notify_one();
}

void engine_core::release_memory() {
  {
    const std::lock_guard lock{mutex_};
    errands_.resets_cache = errands_.releases_memory = true;
  }
  wake_.notify_one();
}

void engine_core::run() {
  while (take_inbox()) {
    if (scheduler_.has_work()) step();
  }
}

// Sleeps until there is something to do, then takes over what came; false: stop.
bool engine_core::take_inbox() {
  std::vector<arrival> arrivals;
  std::vector<request_id> cancels;
  errands asked;
  {
    std::unique_lock lock{mutex_};
    wake_.wait(lock, [this] {
      return is_stopping_ || !arrivals_.empty() || !cancels_.empty() || errands_.resets_cache ||
             scheduler_.has_work();
    });
    if (is_stopping_) return false;
    arrivals.swap(arrivals_);
    cancels.swap(cancels_);
    std::swap(asked, errands_);
  }
  // Arrivals first: a cancel may be for one of them.
  if (!arrivals.empty()) accept(std::move(arrivals));
  for (const auto id : cancels) {
    scheduler_.cancel(id);
    live_.erase(id);
  }
  run_errands(asked);
  // What else could tell the outside that nothing runs any more, when no step follows?
  if (!cancels.empty() && !scheduler_.has_work()) sink_({{}, scheduler_.stats()});
  return true;
}

void engine_core::run_errands(const errands& asked) {
  if (asked.resets_cache) scheduler_.reset_prefix_cache();
  if (asked.releases_memory && !scheduler_.has_work()) executor_.release_memory();
}

void engine_core::accept(std::vector<arrival> arrivals) {
  step_report refusals;
  for (auto& a : arrivals) {
    const auto prompt_tokens = static_cast<std::uint32_t>(a.request.prompt.size());
    if (auto accepted = scheduler_.submit(a.id, std::move(a.request)); !accepted) {
      request_output output;
      output.id = a.id;
      output.refused = accepted.error();
      refusals.outputs.push_back(std::move(output));
      continue;
    }
    auto& entry = live_[a.id];
    entry.timing.arrived = a.at;
    entry.prompt_tokens = prompt_tokens;
  }
  if (refusals.outputs.empty()) return;
  refusals.stats = scheduler_.stats();
  sink_(std::move(refusals));
}

void engine_core::step() {
  const auto begin = now();
  const auto& plan = scheduler_.plan();
  for (const auto& a : plan.admitted) {
    auto& entry = live_.at(a.id);
    entry.timing.scheduled = begin;
    entry.cached_tokens = std::min(a.cached_tokens, entry.prompt_tokens);
  }
  const auto logits = executor_.run(plan.slices);
  tell_prompts(plan, logits);
  chooser_.choose(plan, logits);
  const auto end = now();
  step_report report;
  for (const auto& slice : plan.slices) report.tokens += slice.tokens.size();
  for (const auto& token : scheduler_.apply(chooser_.tokens())) {
    const auto which = report.outputs.size();
    report.outputs.push_back(record(token, end));
    report.outputs.back().logprobs = std::move(chooser_.logprobs()[which]);
  }
  report.stats = scheduler_.stats();
  sink_(std::move(report));
}

void engine_core::tell_prompts(const step_plan& plan, std::span<const float> logits) {
  for (const auto& wanted : plan.prompt_rows) {
    live_.at(wanted.id).prompt_logprobs.push_back(chooser_.tell(wanted, logits));
  }
}

request_output engine_core::record(const step_token& token, time_point at) {
  if (token.token == no_token) return fail(token.id);
  auto& entry = live_.at(token.id);
  auto& timing = entry.timing;
  if (entry.generated++ == 0) timing.first_token = timing.last_token = at;
  request_output output;
  output.id = token.id;
  output.token = token.token;
  output.generated = entry.generated;
  output.prompt_tokens = entry.prompt_tokens;
  output.cached_tokens = entry.cached_tokens;
  output.prompt_logprobs = std::exchange(entry.prompt_logprobs, {});
  output.finish = token.finish;
  output.stop_token = token.stop_token;
  output.token_before = std::exchange(timing.last_token, at);
  output.timing = timing;
  if (token.finish) live_.erase(token.id);
  return output;
}

request_output engine_core::fail(request_id id) {
  request_output output;
  output.id = id;
  output.refused =
      make_failure(errc::unsupported,
                   "the model's vocabulary has no token for what the grammar asks for after " +
                       std::to_string(live_.at(id).generated) + " tokens");
  live_.erase(id);
  return output;
}

}  // namespace troupe::engine
