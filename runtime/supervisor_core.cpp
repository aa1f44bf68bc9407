#include "runtime/supervisor_core.hpp"

#include <algorithm>
#include <utility>

#include "runtime/assert.hpp"

namespace troupe {

supervisor_core::supervisor_core(const supervisor_policy& policy,
                                 std::vector<restart_kind> children)
    : policy_{policy} {
  for (const auto kind : children) children_.push_back({.kind = kind});
}

supervisor_core::actions supervisor_core::start() {
  for (auto& c : children_) c.state = child_state::due;
  return next_step();
}

supervisor_core::actions supervisor_core::started(std::size_t index, time_point now) {
  auto& c = children_[index];
  TROUPE_ASSERT(c.state == child_state::starting);
  c.state = ending_ ? child_state::doomed : child_state::running;
  c.started_at = now;
  return next_step();
}

supervisor_core::actions supervisor_core::exited(const exit& event) {
  auto& c = children_[event.child];
  switch (c.state) {
    case child_state::idle:
    case child_state::waiting:
    case child_state::due:
      return {};
    case child_state::doomed:
    case child_state::stopping: {
      const bool comes_back = !ending_ && c.kind != restart_kind::temporary;
      c.state = comes_back ? child_state::waiting : child_state::idle;
      break;
    }
    case child_state::starting:
    case child_state::running:
      restart(c, event);
      break;
  }
  return next_step();
}

void supervisor_core::restart(child& c, const exit& event) {
  const bool wanted =
      c.kind == restart_kind::permanent || (c.kind == restart_kind::transient && !event.normal);
  const bool was_running = c.state == child_state::running;
  c.state = child_state::idle;
  if (ending_ || !wanted) return;
  if (too_many_restarts(event.now)) {
    gave_up_ = true;
    end_all();
    return;
  }
  if (was_running && event.now - c.started_at >= policy_.period) c.failures = 0;
  ++restarts_total_;
  c.state = child_state::waiting;
  c.ticket = ++last_ticket_;
  restart_ = supervisor_action{.what = supervisor_action::kind::restart,
                               .child = event.child,
                               .ticket = c.ticket,
                               .delay = back_off(c, event)};
  if (policy_.strategy == restart_strategy::one_for_all) doom_group(0, c.ticket);
  if (policy_.strategy == restart_strategy::rest_for_one) doom_group(event.child, c.ticket);
}

bool supervisor_core::too_many_restarts(time_point now) {
  restarts_.push_back(now);
  while (restarts_.front() + policy_.period < now) restarts_.pop_front();
  return restarts_.size() > policy_.restarts_max;
}

std::chrono::nanoseconds supervisor_core::back_off(child& c, const exit& event) const {
  constexpr std::uint32_t doublings_max = 30;
  const std::chrono::nanoseconds first{policy_.backoff_min};
  const std::chrono::nanoseconds last{policy_.backoff_max};
  const auto factor = std::int64_t{1} << std::min(c.failures, doublings_max);
  ++c.failures;
  const auto full = first.count() > last.count() / factor ? last : first * factor;
  // Half of it for certain, half of it spread, so that siblings do not come back in step.
  const auto spread = 0.5 + 0.5 * std::clamp(event.jitter, 0.0, 1.0);
  return std::chrono::nanoseconds{
      static_cast<std::int64_t>(static_cast<double>(full.count()) * spread)};
}

void supervisor_core::doom_group(std::size_t first, std::uint64_t ticket) {
  for (auto i = first; i < children_.size(); ++i) {
    auto& c = children_[i];
    TROUPE_ASSERT(c.state != child_state::starting);
    c.ticket = ticket;
    if (c.state == child_state::running) c.state = child_state::doomed;
    if (c.state == child_state::due) c.state = child_state::waiting;
    // A transient child that had ended normally starts again with its group, as in OTP.
    const bool ended = c.state == child_state::idle;
    if (ended && c.kind != restart_kind::temporary) c.state = child_state::waiting;
  }
}

supervisor_core::actions supervisor_core::restart_due(std::uint64_t ticket) {
  if (ending_) return {};
  for (auto& c : children_) {
    if (c.state == child_state::waiting && c.ticket == ticket) c.state = child_state::due;
  }
  return next_step();
}

supervisor_core::actions supervisor_core::stop() {
  if (ending_) return {};
  end_all();
  return next_step();
}

void supervisor_core::end_all() {
  ending_ = true;
  restart_.reset();
  for (auto& c : children_) {
    if (c.state == child_state::running) c.state = child_state::doomed;
    if (c.state == child_state::waiting || c.state == child_state::due) c.state = child_state::idle;
  }
}

// Stops come before restarts, restarts before starts; one stop and one start at a time.
supervisor_core::actions supervisor_core::next_step() {
  using kind = supervisor_action::kind;
  const auto in = [](child_state state) {
    return [state](const child& c) { return c.state == state; };
  };
  if (finished_ || std::any_of(children_.begin(), children_.end(), in(child_state::starting)) ||
      std::any_of(children_.begin(), children_.end(), in(child_state::stopping))) {
    return {};
  }
  const auto last = std::find_if(children_.rbegin(), children_.rend(), in(child_state::doomed));
  if (last != children_.rend()) {
    last->state = child_state::stopping;
    return {{.what = kind::stop, .child = static_cast<std::size_t>(children_.rend() - last) - 1}};
  }
  if (ending_) {
    finished_ = true;
    return {{.what = kind::finish}};
  }
  actions out;
  if (restart_) out.push_back(*std::exchange(restart_, std::nullopt));
  const auto first = std::find_if(children_.begin(), children_.end(), in(child_state::due));
  if (first != children_.end()) {
    first->state = child_state::starting;
    out.push_back(
        {.what = kind::start, .child = static_cast<std::size_t>(first - children_.begin())});
  }
  return out;
}

}  // namespace troupe
