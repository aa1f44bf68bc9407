#include "tests/runtime/otp_model.hpp"

#include <algorithm>
#include <utility>

namespace troupe::testing {

using std::string;
using std::chrono::milliseconds;

script_trace otp_model::play() {
  std::size_t next = 0;
  while (next < script_.steps.size() &&
         script_.steps[next].what == script_step::kind::fail_starts) {
    happen(script_.steps[next++]);
  }
  for (const auto& rules : script_.children) {
    children_.push_back({.rules = rules, .state = pid::restarting});
  }
  handling_ = true;
  start_all_due(0);  // the first start
  handling_ = false;
  read_mail();
  end_of_step();
  while (next < script_.steps.size() && !ended_) {
    happen(script_.steps[next++]);
    end_of_step();
  }
  return trace_;
}

void otp_model::happen(const script_step& step) {
  switch (step.what) {
    case script_step::kind::exit:
      die(step);
      break;
    case script_step::kind::fail_starts:
      failing_[step.child.name] = step.number;
      break;
    case script_step::kind::advance:
      pass(now_ + milliseconds{step.number});
      break;
    case script_step::kind::stop:
      told_to_end();
      break;
    default:
      if (end_ != supervisor_end::none) {
        note("=ending");
      } else {
        mail_.push_back({.what = model_message::kind::request, .step = step});
      }
  }
  read_mail();
}

void otp_model::die(const script_step& step) {
  for (auto& c : children_) {
    if (c.rules.name != step.child.name || !c.alive || &c == being_stopped_) continue;
    ended_now(c);
    mail_.push_back({.what = model_message::kind::exit, .step = step, .at = now_});
  }
}

void otp_model::pass(milliseconds until) {
  for (;;) {
    auto first = timers_.end();
    for (auto t = timers_.begin(); t != timers_.end(); ++t) {
      if (t->at <= until && (first == timers_.end() || t->at < first->at)) first = t;
    }
    if (first == timers_.end()) break;
    now_ = std::max(now_, first->at);
    mail_.push_back({.what = model_message::kind::due, .ticket = first->ticket});
    timers_.erase(first);
    read_mail();
  }
  now_ = std::max(now_, until);
}

bool otp_model::start_process(model_child& c) {
  auto& failing = failing_[c.rules.name];
  if (failing > 0) {
    --failing;
    note("x" + c.rules.name);
    return false;
  }
  note("+" + c.rules.name);
  c.state = pid::process;
  c.alive = true;
  c.started = now_;
  return true;
}

void otp_model::stop_process(model_child& c) {
  if (c.alive) {
    note("-" + c.rules.name);
    being_stopped_ = &c;
    const auto meanwhile = script_.during_stop.find(stops_++);
    if (meanwhile != script_.during_stop.end()) {
      for (const auto& step : meanwhile->second) happen(step);
    }
    being_stopped_ = nullptr;
    ended_now(c);
  } else if (!wrong(otp_mutation::deaths_of_the_stopped_count)) {
    flush_exit(c.rules.name);
  }
  c.state = pid::undefined;
}

void otp_model::ended_now(model_child& c) {
  c.alive = false;
  const bool long_run = now_ - c.started >= policy().period;
  if (long_run && !wrong(otp_mutation::back_off_never_resets)) c.failures = 0;
}

void otp_model::flush_exit(const string& name) {
  mail_.remove_if([&](const model_message& m) {
    return m.what == model_message::kind::exit && m.step.child.name == name;
  });
}

void otp_model::note(const string& what) {
  if (!line_.empty()) line_ += ' ';
  line_ += what;
}

void otp_model::end_of_step() {
  pass(now_);
  if (!ended_) {
    note("|");
    for (const auto& c : children_) {
      const char* states[] = {"stopped", "restarting", "up"};
      note(c.rules.name + "=" + states[static_cast<int>(c.state)]);
    }
  }
  trace_.push_back(line_);
  line_.clear();
}

script_trace play_on_model(const script& s, otp_mutation mutation) {
  return otp_model{s, mutation}.play();
}

}  // namespace troupe::testing
