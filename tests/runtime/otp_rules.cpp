// The part of otp_model that is the supervisor itself.
#include "tests/runtime/otp_model.hpp"

#include <algorithm>
#include <utility>

namespace troupe::testing {

using std::string;
using std::chrono::milliseconds;

void otp_model::read_mail() {
  if (handling_) return;
  handling_ = true;
  while (!ended_ && end_ == supervisor_end::none && !mail_.empty()) {
    const auto m = mail_.front();
    mail_.pop_front();
    if (m.what == model_message::kind::exit) child_exited(m.step, m.at);
    if (m.what == model_message::kind::due) start_all_due(m.ticket);
    if (m.what == model_message::kind::request) serve(m.step);
  }
  if (end_ != supervisor_end::none && !ended_) terminate_everybody();
  handling_ = false;
}

void otp_model::start_all_due(int ticket) {
  std::vector<string> names;
  for (const auto& c : children_) names.push_back(c.rules.name);
  for (const auto& name : names) {
    const auto c = find(name);
    if (end_ != supervisor_end::none || c == children_.end()) continue;
    if (c->state != pid::restarting || c->ticket != ticket || start_process(*c)) continue;
    const bool fails = ticket == 0 && policy().at_first_start == first_failure::fail;
    if (fails && !wrong(otp_mutation::first_failure_is_ignored)) {
      c->state = pid::undefined;
      end(supervisor_end::first_start_failed);
    } else {
      judge(c, false, now_);
    }
  }
}

void otp_model::child_exited(const script_step& step, milliseconds at) {
  const auto c = find(step.child.name);
  if (c == children_.end()) return;
  const bool stale = c->state != pid::process || c->alive;
  if (stale && !wrong(otp_mutation::deaths_of_the_stopped_count)) return;
  judge(c, step.normal, at);
}

otp_model::place otp_model::find(const string& name) {
  return std::find_if(children_.begin(), children_.end(),
                      [&](const model_child& c) { return c.rules.name == name; });
}

bool otp_model::is_restarted(const child_rules& rules, bool normal) const {
  if (rules.kind == restart_kind::temporary) return false;
  if (rules.kind == restart_kind::permanent) {
    return !normal || !wrong(otp_mutation::permanent_rests_after_normal);
  }
  if (normal) return wrong(otp_mutation::transient_restarts_after_normal);
  return !wrong(otp_mutation::transient_rests_after_crash);
}

void otp_model::judge(place c, bool normal, milliseconds at) {
  if (is_restarted(c->rules, normal)) {
    restart(c, at);
    return;
  }
  const bool significant = c->rules.significant;
  ended_for_good(c);
  if (significant) maybe_shut_down();
}

void otp_model::ended_for_good(place c) {
  c->state = pid::undefined;
  const bool forgotten = simple() || (c->rules.kind == restart_kind::temporary &&
                                      !wrong(otp_mutation::temporary_is_kept));
  if (forgotten) children_.erase(c);
}

void otp_model::maybe_shut_down() {
  bool others = false;
  for (const auto& c : children_) {
    const bool counts =
        c.state == pid::process ||
        (c.state == pid::restarting && !wrong(otp_mutation::restarting_counts_as_ended));
    if (c.rules.significant && counts) others = true;
  }
  bool any = policy().shutdown_when == auto_shutdown::any_significant;
  bool all = policy().shutdown_when == auto_shutdown::all_significant;
  if (wrong(otp_mutation::any_significant_waits_for_all)) all = all || std::exchange(any, false);
  if (wrong(otp_mutation::all_significant_ends_at_first)) any = any || all;
  if (any || (all && !others)) end(supervisor_end::auto_shutdown);
}

bool otp_model::too_many_restarts(milliseconds at) {
  restarts_.push_back(at);
  int within = 0;
  for (const auto r : restarts_) {
    const bool at_end = r + policy().period == at;
    bool counts = r + policy().period >= at;
    if (at_end && wrong(otp_mutation::period_excludes_its_end)) counts = false;
    if (wrong(otp_mutation::restarts_never_age)) counts = true;
    if (counts) ++within;
  }
  const int more = wrong(otp_mutation::intensity_counts_one_more) ? 1 : 0;
  return within > static_cast<int>(policy().restarts_max) + more;
}

void otp_model::restart(place c, milliseconds at) {
  if (too_many_restarts(at)) {
    ended_for_good(c);
    end(supervisor_end::gave_up);
    return;
  }
  const auto name = c->rules.name;
  auto wait = policy().backoff_min;
  for (int i = 0; i < c->failures && !wrong(otp_mutation::back_off_does_not_double); ++i) {
    wait = std::min(wait * 2, policy().backoff_max);
  }
  ++c->failures;
  if (script_.jitter == 0) wait /= 2;
  const int ticket = ++tickets_;
  c->state = pid::restarting;
  c->ticket = ticket;
  stop_group(c, ticket);
  if (end_ != supervisor_end::none) return;
  note("~" + name + ":" + std::to_string(wait.count()));
  timers_.push_back({now_ + wait, ticket});
}

std::vector<otp_model::place> otp_model::group_of(place died) {
  std::vector<place> group;
  bool reached = false;
  for (auto c = children_.begin(); c != children_.end(); ++c) {
    if (c == died) reached = true;
    const bool after = wrong(otp_mutation::rest_for_one_takes_those_before) ? !reached : reached;
    const bool in_all = reached || !wrong(otp_mutation::one_for_all_spares_those_before);
    const bool in = (policy().strategy == restart_strategy::one_for_all && in_all) ||
                    (policy().strategy == restart_strategy::rest_for_one && after);
    if (in) group.push_back(c);
  }
  return group;
}

void otp_model::stop_group(place died, int ticket) {
  auto group = group_of(died);
  if (!wrong(otp_mutation::group_stops_in_order)) std::reverse(group.begin(), group.end());
  for (const auto c : group) {
    c->ticket = ticket;
    if (c->state == pid::restarting) continue;
    const bool was_up = c->state == pid::process;
    if (was_up) stop_process(*c);
    const bool temporary = c->rules.kind == restart_kind::temporary;
    if (temporary && !wrong(otp_mutation::temporary_comes_back_with_its_group)) {
      ended_for_good(c);
    } else if (was_up || !wrong(otp_mutation::ended_siblings_stay_down)) {
      c->state = pid::restarting;
    }
  }
}

void otp_model::serve(const script_step& step) {
  const auto c = find(step.child.name);
  if (step.what == script_step::kind::start) {
    start_child(step.child, c);
  } else if (simple() && step.what != script_step::kind::terminate) {
    note("=not_dynamic");
  } else if (c == children_.end()) {
    note("=not_found");
  } else if (step.what == script_step::kind::terminate) {
    terminate_child(c);
  } else if (c->state == pid::restarting) {
    note("=restarting");
  } else if (c->state == pid::process && (step.what == script_step::kind::restart ||
                                          !wrong(otp_mutation::running_child_can_be_deleted))) {
    note("=running");
  } else if (step.what == script_step::kind::restart) {
    if (wrong(otp_mutation::restarted_child_goes_last)) {
      children_.splice(children_.end(), children_, c);
    }
    note(start_process(*c) ? "=done" : "=start_failed");
  } else {
    children_.erase(c);
    note("=done");
  }
}

void otp_model::start_child(const child_rules& rules, place known) {
  const bool may_be_significant =
      rules.kind != restart_kind::permanent && policy().shutdown_when != auto_shutdown::never;
  if (rules.significant && !may_be_significant) {
    note("=invalid_rules");
  } else if (known != children_.end()) {
    note(known->state == pid::process ? "=already_running" : "=already_present");
  } else if (children_.size() >= policy().children_max) {
    note("=overloaded");
  } else {
    children_.push_back({.rules = rules});
    const bool started = start_process(children_.back());
    if (!started && !wrong(otp_mutation::failed_start_child_is_kept)) children_.pop_back();
    note(started ? "=done" : "=start_failed");
  }
}

void otp_model::terminate_child(place c) {
  const bool significant = c->rules.significant;
  if (c->state == pid::process) stop_process(*c);
  note("=done");
  if (wrong(otp_mutation::terminated_children_restart)) {
    restart(c, now_);
    return;
  }
  ended_for_good(c);
  if (significant && wrong(otp_mutation::terminate_ends_the_supervisor)) maybe_shut_down();
}

void otp_model::told_to_end() {
  if (end_ == supervisor_end::none) end(supervisor_end::stopped);
}

void otp_model::end(supervisor_end why) {
  end_ = why;
  for (const auto& m : std::exchange(mail_, {})) {
    if (m.what == model_message::kind::request) note("=ending");
  }
}

void otp_model::terminate_everybody() {
  std::vector<place> all;
  for (auto c = children_.begin(); c != children_.end(); ++c) all.push_back(c);
  if (!wrong(otp_mutation::shutdown_stops_in_order)) std::reverse(all.begin(), all.end());
  for (const auto c : all) {
    if (c->state == pid::process) stop_process(*c);
  }
  ended_ = true;
  note("!" + string{word(end_)});
}

}  // namespace troupe::testing
