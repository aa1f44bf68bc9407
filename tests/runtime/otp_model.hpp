// OTP's rules for supervisors, written down naively from its documentation: lists, one process at a
// time, a message handled whole before the next. Shares nothing with supervisor_core.
//
// What is ours in it: back-off, first_failure::retry, and that an order to end does not wait.
#pragma once

#include <chrono>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "tests/runtime/otp_mutation.hpp"
#include "tests/runtime/supervisor_script.hpp"

namespace troupe::testing {

enum class pid { undefined, restarting, process };

struct model_child {
  child_rules rules;
  pid state = pid::undefined;
  bool alive = false;  // the process itself; its exit may not have been handled yet
  int ticket = 0;
  int failures = 0;
  std::chrono::milliseconds started{0};
};

struct model_message {
  enum class kind { exit, due, request } what = kind::exit;
  script_step step{};  // exit, request
  int ticket = 0;
  std::chrono::milliseconds at{0};
};

struct model_timer {
  std::chrono::milliseconds at{0};
  int ticket = 0;
};

class otp_model {
 public:
  otp_model(const script& s, otp_mutation mutation) : script_{s}, mutation_{mutation} {}

  script_trace play();

 private:
  bool wrong(otp_mutation m) const { return mutation_ == m; }
  const supervisor_policy& policy() const { return script_.policy; }
  bool simple() const { return policy().strategy == restart_strategy::simple_one_for_one; }

  // ---- the world ----

  void happen(const script_step& step);
  void die(const script_step& step);
  void pass(std::chrono::milliseconds until);
  bool start_process(model_child& c);
  void stop_process(model_child& c);
  void ended_now(model_child& c);
  void flush_exit(const std::string& name);

  // ---- the supervisor ----

  void read_mail();

  // A start that fails may stop, restart or forget others: each is looked up when its turn comes.
  void start_all_due(int ticket);
  void child_exited(const script_step& step, std::chrono::milliseconds at);

  using place = std::list<model_child>::iterator;
  place find(const std::string& name);
  bool is_restarted(const child_rules& rules, bool normal) const;
  void judge(place c, bool normal, std::chrono::milliseconds at);
  void ended_for_good(place c);
  void maybe_shut_down();
  bool too_many_restarts(std::chrono::milliseconds at);
  void restart(place c, std::chrono::milliseconds at);

  // Whom the strategy restarts together with a child that died.
  std::vector<place> group_of(place died);
  void stop_group(place died, int ticket);

  // ---- requests ----

  void serve(const script_step& step);
  void start_child(const child_rules& rules, place known);
  void terminate_child(place c);

  // ---- the end ----

  void told_to_end();
  void end(supervisor_end why);
  void terminate_everybody();

  // ---- the trace ----

  void note(const std::string& what);
  void end_of_step();

  const script& script_;
  otp_mutation mutation_;
  std::list<model_child> children_;  // in the order of start
  std::list<model_message> mail_;
  std::vector<model_timer> timers_;
  std::vector<std::chrono::milliseconds> restarts_;
  std::map<std::string, std::uint32_t> failing_;
  std::chrono::milliseconds now_{0};
  int tickets_ = 0;
  std::size_t stops_ = 0;
  const model_child* being_stopped_ = nullptr;
  bool handling_ = false;
  bool ended_ = false;
  supervisor_end end_ = supervisor_end::none;
  std::string line_;
  script_trace trace_;
};

// Plays a script on the model.
script_trace play_on_model(const script& s, otp_mutation mutation = otp_mutation::none);

}  // namespace troupe::testing
