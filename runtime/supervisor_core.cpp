#include "runtime/supervisor_core.hpp"

#include <algorithm>
#include <utility>

#include "runtime/assert.hpp"

namespace troupe {

supervisor_core::supervisor_core(const supervisor_policy& policy, std::vector<child_rules> children)
    : policy_{policy} {
  for (auto& rules : children) {
    TROUPE_ASSERT(valid_rules(policy_, rules));
    TROUPE_ASSERT(!ids_.contains(rules.name));
    add(std::move(rules));
  }
}

supervisor_core::child_iterator supervisor_core::add(child_rules rules) {
  const auto id = next_id_++;
  ids_.emplace(rules.name, id);
  ++counts_[static_cast<std::size_t>(child_state::idle)];
  return children_.emplace_hint(children_.end(), id, child{.rules = std::move(rules)});
}

void supervisor_core::set(child& c, child_state state) {
  --counts_[static_cast<std::size_t>(c.state)];
  c.state = state;
  ++counts_[static_cast<std::size_t>(c.state)];
}

child_state supervisor_core::state(child_id child) const {
  const auto it = children_.find(child);
  return it != children_.end() ? it->second.state : child_state::idle;
}

supervisor_core::actions supervisor_core::start() {
  for (auto& [id, c] : children_) set(c, child_state::due);
  return next_step();
}

supervisor_core::actions supervisor_core::started(child_id child, time_point now) {
  const auto it = children_.find(child);
  TROUPE_ASSERT(it != children_.end() && it->second.state == child_state::starting);
  auto& c = it->second;
  set(c, stopping() ? child_state::doomed : child_state::running);
  c.started_at = now;
  c.added = false;
  answer(std::exchange(c.request, 0), request_outcome::done, child);
  return next_step();
}

supervisor_core::actions supervisor_core::ignored(child_id child) {
  const auto it = children_.find(child);
  TROUPE_ASSERT(it != children_.end() && it->second.state == child_state::starting);
  it->second.added = false;
  answer(std::exchange(it->second.request, 0), request_outcome::done, child);
  rest(it);
  return next_step();
}

supervisor_core::actions supervisor_core::exited(const exit& event) {
  const auto it = children_.find(event.child);
  if (it == children_.end()) return {};
  auto& c = it->second;
  const bool was_up = c.state == child_state::running || c.state == child_state::doomed ||
                      c.state == child_state::stopping;
  if (was_up && event.now - c.started_at >= policy_.period) c.failures = 0;
  switch (c.state) {
    case child_state::idle:
    case child_state::waiting:
    case child_state::due:
    case child_state::fallen:
      return {};
    case child_state::starting:
      start_failed(it, event);
      break;
    case child_state::running:
      set(c, child_state::fallen);
      inbox_.emplace_back(event);
      break;
    case child_state::doomed:
    case child_state::stopping:
      stopped(it);
      break;
  }
  return next_step();
}

// It has been stopped, or ended while it was to be.
void supervisor_core::stopped(child_iterator it) {
  auto& c = it->second;
  if (c.state == child_state::fallen) {  // it is being dealt with: no turn of its own any more
    std::erase_if(inbox_, [id = it->first](const event& e) {
      const auto* own = std::get_if<exit>(&e);
      return own != nullptr && own->child == id;
    });
  }
  answer(std::exchange(c.request, 0), request_outcome::done, it->first);
  if (std::exchange(c.comes_back, false)) {
    set(c, child_state::waiting);
  } else {
    rest(it);
  }
}

// It has ended for good.
void supervisor_core::rest(child_iterator it) {
  if (simple() || it->second.rules.kind == restart_kind::temporary) {
    erase(it);
  } else {
    set(it->second, child_state::idle);
  }
}

void supervisor_core::erase(child_iterator it) {
  out_.push_back({.what = supervisor_action::kind::forget, .child = it->first});
  --counts_[static_cast<std::size_t>(it->second.state)];
  ids_.erase(it->second.rules.name);
  children_.erase(it);
}

void supervisor_core::start_failed(child_iterator it, const exit& event) {
  auto& c = it->second;
  if (c.request != 0) {
    answer(std::exchange(c.request, 0), request_outcome::start_failed, it->first);
    if (c.added) {
      erase(it);
    } else {
      rest(it);
    }
  } else if (stopping()) {
    rest(it);
  } else if (first_start_ && policy_.at_first_start == first_failure::fail) {
    rest(it);
    end_all(supervisor_end::first_start_failed);
  } else {
    judge(it, event);
  }
}

void supervisor_core::judge(child_iterator it, const exit& event) {
  const auto& rules = it->second.rules;
  const bool wanted = rules.kind == restart_kind::permanent ||
                      (rules.kind == restart_kind::transient && !event.normal);
  if (wanted) {
    restart(it, event);
    return;
  }
  const bool significant = rules.significant;
  rest(it);
  if (significant) end_if_significant_ended();
}

void supervisor_core::end_if_significant_ended() {
  const bool others = std::any_of(children_.begin(), children_.end(), [](const auto& entry) {
    return entry.second.rules.significant && entry.second.state != child_state::idle;
  });
  const auto when = policy_.shutdown_when;
  if (when == auto_shutdown::any_significant || (when == auto_shutdown::all_significant && !others))
    end_all(supervisor_end::auto_shutdown);
}

void supervisor_core::restart(child_iterator it, const exit& event) {
  auto& c = it->second;
  if (!window_.add(event.now, policy_)) {
    rest(it);
    end_all(supervisor_end::gave_up);
    return;
  }
  ++restarts_total_;
  set(c, child_state::waiting);
  c.ticket = ++last_ticket_;
  restart_ = supervisor_action{.what = supervisor_action::kind::restart,
                               .child = event.child,
                               .token = c.ticket,
                               .delay = back_off(policy_, c.failures++, event.jitter)};
  if (policy_.strategy == restart_strategy::one_for_all) doom_group(children_.begin(), c.ticket);
  if (policy_.strategy == restart_strategy::rest_for_one) doom_group(it, c.ticket);
}

void supervisor_core::doom_group(child_iterator first, std::uint64_t ticket) {
  for (auto next = first; next != children_.end();) {
    const auto it = next++;
    auto& c = it->second;
    const bool comes_back = c.rules.kind != restart_kind::temporary;
    c.ticket = ticket;
    switch (c.state) {
      case child_state::running:
        set(c, child_state::doomed);
        c.comes_back = comes_back;
        break;
      case child_state::fallen:
        c.comes_back = comes_back;
        stopped(it);
        break;
      case child_state::due:
        set(c, child_state::waiting);
        break;
      case child_state::idle:  // also one that had ended normally or was terminated, as in OTP
        if (comes_back) set(c, child_state::waiting);
        break;
      case child_state::waiting:
        break;
      case child_state::starting:
      case child_state::doomed:
      case child_state::stopping:
        TROUPE_ASSERT(false);
    }
  }
}

supervisor_core::actions supervisor_core::restart_due(std::uint64_t ticket) {
  inbox_.emplace_back(due{ticket});
  return next_step();
}

supervisor_core::actions supervisor_core::stop() {
  if (stopping()) return {};
  end_all(supervisor_end::stopped);
  return next_step();
}

void supervisor_core::end_all(supervisor_end why) {
  end_ = why;
  restart_.reset();
  for (const auto& e : std::exchange(inbox_, {})) {
    if (const auto* r = std::get_if<supervisor_request>(&e)) {
      answer(r->token, request_outcome::ending);
    }
  }
  for (auto& [id, c] : children_) {
    c.comes_back = false;
    if (c.state == child_state::running) set(c, child_state::doomed);
    const bool down = c.state == child_state::waiting || c.state == child_state::due ||
                      c.state == child_state::fallen;
    if (down) set(c, child_state::idle);
  }
}

void supervisor_core::take(const exit& event) {
  const auto it = children_.find(event.child);
  if (it != children_.end() && it->second.state == child_state::fallen) judge(it, event);
}

void supervisor_core::take(const due& event) {
  for (auto& [id, c] : children_) {
    if (c.state == child_state::waiting && c.ticket == event.ticket) set(c, child_state::due);
  }
}

// Stops come before restarts, restarts before starts, and then what waits in the inbox; nothing
// while a start or a stop is out.
supervisor_core::actions supervisor_core::next_step() {
  using kind = supervisor_action::kind;
  while (!finished_ && count(child_state::starting) == 0 && count(child_state::stopping) == 0) {
    if (stop_next()) continue;
    if (stopping()) {
      finished_ = true;
      out_.push_back({.what = kind::finish});
      continue;
    }
    if (restart_) out_.push_back(*std::exchange(restart_, std::nullopt));
    if (start_next()) continue;
    first_start_ = false;
    if (inbox_.empty()) break;
    const auto event = std::move(inbox_.front());
    inbox_.pop_front();
    std::visit([this](const auto& e) { take(e); }, event);
  }
  return std::exchange(out_, {});
}

// The last one; all of them where their order means nothing.
bool supervisor_core::stop_next() {
  for (auto it = children_.rbegin(); count(child_state::doomed) > 0; ++it) {
    if (it->second.state != child_state::doomed) continue;
    set(it->second, child_state::stopping);
    out_.push_back({.what = supervisor_action::kind::stop, .child = it->first});
    if (!simple()) break;
  }
  return count(child_state::stopping) > 0;
}

bool supervisor_core::start_next() {
  if (count(child_state::due) == 0) return false;
  const auto first = std::find_if(children_.begin(), children_.end(), [](const auto& entry) {
    return entry.second.state == child_state::due;
  });
  begin(first);
  return true;
}

void supervisor_core::begin(child_iterator it) {
  auto& c = it->second;
  set(c, child_state::starting);
  out_.push_back({.what = supervisor_action::kind::start, .child = it->first, .token = c.request});
}

}  // namespace troupe
