// Plays a script on supervisor_core, as the supervisor actor would.
#include <algorithm>
#include <utility>

#include "tests/runtime/supervisor_script.hpp"

namespace troupe::testing {

namespace {

class core_player {
 public:
  explicit core_player(const script& s) : script_{s}, core_{s.policy, s.children} {
    for (const auto& rules : s.children) names_[names_.size()] = rules.name;
  }

  script_trace play() {
    // Failures that are to hit the first start come before it.
    auto next = script_.steps.begin();
    while (next != script_.steps.end() && next->what == script_step::kind::fail_starts) {
      apply(*next++);
    }
    carry_out(core_.start());
    end_of_step();
    for (; next != script_.steps.end() && !core_.finished(); ++next) {
      apply(*next);
      end_of_step();
    }
    return std::move(trace_);
  }

 private:
  struct timer {
    time_point at;
    std::uint64_t ticket = 0;
  };

  void apply(const script_step& step) {
    using request = supervisor_request::kind;
    switch (step.what) {
      case script_step::kind::exit:
        end_child(step.child.name, step.normal);
        break;
      case script_step::kind::fail_starts:
        failing_[step.child.name] = step.number;
        break;
      case script_step::kind::start:
        ask(request::start_child, step.child);
        break;
      case script_step::kind::terminate:
        ask(request::terminate_child, step.child);
        break;
      case script_step::kind::restart:
        ask(request::restart_child, step.child);
        break;
      case script_step::kind::remove:
        ask(request::delete_child, step.child);
        break;
      case script_step::kind::advance:
        advance(now_ + std::chrono::milliseconds{step.number});
        break;
      case script_step::kind::stop:
        carry_out(core_.stop());
        break;
    }
  }

  void ask(supervisor_request::kind what, const child_rules& child) {
    asked_[++last_token_] = child.name;
    carry_out(core_.requested({what, last_token_, child}));
  }

  void end_child(const std::string& name, bool normal) {
    const auto up = std::find_if(names_.begin(), names_.end(), [&](const auto& entry) {
      return entry.second == name && up_.contains(entry.first) && entry.first != stopping_;
    });
    if (up == names_.end()) return;
    up_.erase(up->first);
    carry_out(core_.exited({up->first, normal, now_, script_.jitter}));
  }

  void advance(time_point until) {
    for (;;) {
      const auto next =
          std::min_element(timers_.begin(), timers_.end(),
                           [](const timer& a, const timer& b) { return a.at < b.at; });
      if (next == timers_.end() || next->at > until) break;
      now_ = std::max(now_, next->at);
      const auto ticket = next->ticket;
      timers_.erase(next);
      carry_out(core_.restart_due(ticket));
    }
    now_ = std::max(now_, until);
  }

  void carry_out(const supervisor_core::actions& actions) {
    for (const auto& a : actions) carry_out(a);
  }

  void carry_out(const supervisor_action& action) {
    const auto id = action.child;
    switch (action.what) {
      case supervisor_action::kind::start:
        if (action.token != 0) names_[id] = asked_.at(action.token);
        start(id);
        break;
      case supervisor_action::kind::stop:
        stop(id);
        break;
      case supervisor_action::kind::restart:
        note("~" + names_.at(id) + ":" +
             std::to_string(action.delay / std::chrono::milliseconds{1}));
        timers_.push_back({now_ + action.delay, action.token});
        break;
      case supervisor_action::kind::answer:
        note("=" + std::string{word(action.outcome)});
        break;
      case supervisor_action::kind::forget:
        names_.erase(id);
        break;
      case supervisor_action::kind::finish:
        note("!" + std::string{word(core_.end())});
        break;
    }
  }

  void start(child_id id) {
    const auto name = names_.at(id);
    auto& failing = failing_[name];
    if (failing > 0) {
      --failing;
      note("x" + name);
      carry_out(core_.exited({id, false, now_, script_.jitter}));
      return;
    }
    note("+" + name);
    up_[id] = true;
    carry_out(core_.started(id, now_));
  }

  void stop(child_id id) {
    if (!up_.contains(id)) return;  // it ended while others of its batch were being stopped
    note("-" + names_.at(id));
    stopping_ = id;
    const auto meanwhile = script_.during_stop.find(stops_++);
    if (meanwhile != script_.during_stop.end()) {
      for (const auto& step : meanwhile->second) apply(step);
    }
    stopping_ = nobody;
    up_.erase(id);
    carry_out(core_.exited({id, true, now_, script_.jitter}));
  }

  void note(const std::string& what) { line_ += (line_.empty() ? "" : " ") + what; }

  void end_of_step() {
    advance(now_);  // what is due at once
    if (!core_.finished()) {
      note("|");
      for (const auto& [id, name] : names_) note(name + "=" + condition(core_.state(id)));
    }
    trace_.push_back(std::exchange(line_, {}));
  }

  static std::string condition(child_state state) {
    if (state == child_state::idle) return "stopped";
    return state == child_state::running ? "up" : "restarting";
  }

  static constexpr child_id nobody = ~child_id{0};

  const script& script_;
  supervisor_core core_;
  std::map<child_id, std::string> names_;
  std::map<child_id, bool> up_;
  std::map<std::string, std::uint32_t> failing_;
  std::map<std::uint64_t, std::string> asked_;
  std::uint64_t last_token_ = 0;
  std::vector<timer> timers_;
  time_point now_{};
  child_id stopping_ = nobody;
  std::size_t stops_ = 0;
  std::string line_;
  script_trace trace_;
};

}  // namespace

script_trace play_on_core(const script& s) {
  return core_player{s}.play();
}

}  // namespace troupe::testing
