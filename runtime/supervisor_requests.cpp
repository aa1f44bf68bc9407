// The part of supervisor_core that changes children at run time.
#include <utility>

#include "runtime/supervisor_core.hpp"

namespace troupe {

supervisor_core::actions supervisor_core::requested(supervisor_request request) {
  if (stopping()) {
    answer(request.token, request_outcome::ending);
  } else if (requests_waiting_ >= requests_max) {
    answer(request.token, request_outcome::overloaded);
  } else {
    ++requests_waiting_;
    inbox_.emplace_back(std::move(request));
  }
  return next_step();
}

void supervisor_core::answer(std::uint64_t token, request_outcome outcome, child_id child) {
  if (token == 0) return;
  out_.push_back({.what = supervisor_action::kind::answer,
                  .child = child,
                  .token = token,
                  .outcome = outcome});
}

void supervisor_core::take(const supervisor_request& request) {
  using kind = supervisor_request::kind;
  --requests_waiting_;
  if (request.what == kind::start_child) {
    start_child(request);
    return;
  }
  if (simple() && request.what != kind::terminate_child) {
    answer(request.token, request_outcome::not_dynamic);
    return;
  }
  const auto id = ids_.find(request.child.name);
  if (id == ids_.end()) {
    answer(request.token, request_outcome::not_found);
    return;
  }
  const auto it = children_.find(id->second);
  if (request.what == kind::terminate_child) terminate_child(request, it);
  if (request.what == kind::restart_child) restart_child(request, it);
  if (request.what == kind::delete_child) delete_child(request, it);
}

void supervisor_core::start_child(const supervisor_request& request) {
  const auto known = ids_.find(request.child.name);
  if (!valid_rules(policy_, request.child)) {
    answer(request.token, request_outcome::invalid_rules);
  } else if (known != ids_.end()) {
    const auto seen = state(known->second);
    const bool up = seen == child_state::running || seen == child_state::fallen;
    answer(request.token, up ? request_outcome::already_running : request_outcome::already_present,
           known->second);
  } else if (children_.size() >= policy_.children_max) {
    answer(request.token, request_outcome::overloaded);
  } else {
    const auto it = add(request.child);
    it->second.request = request.token;
    it->second.added = true;
    begin(it);
  }
}

void supervisor_core::terminate_child(const supervisor_request& request, child_iterator it) {
  auto& c = it->second;
  c.request = request.token;
  if (c.state == child_state::running) {
    set(c, child_state::doomed);
  } else {
    stopped(it);
  }
}

void supervisor_core::restart_child(const supervisor_request& request, child_iterator it) {
  auto& c = it->second;
  if (c.state == child_state::idle) {
    c.request = request.token;
    begin(it);
    return;
  }
  const bool waits = c.state == child_state::waiting;
  answer(request.token, waits ? request_outcome::restarting : request_outcome::running, it->first);
}

void supervisor_core::delete_child(const supervisor_request& request, child_iterator it) {
  const auto state = it->second.state;
  if (state == child_state::idle) {
    answer(request.token, request_outcome::done, it->first);
    erase(it);
    return;
  }
  const bool waits = state == child_state::waiting;
  answer(request.token, waits ? request_outcome::restarting : request_outcome::running, it->first);
}

}  // namespace troupe
