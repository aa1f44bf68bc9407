// What a supervisor decides: whom to start, stop and restart, when, and when to end.
//
// A pure state machine: events, time and jitter come in, actions go out, to be carried out in their
// order. OTP's semantics: strategies, kinds of children, intensity and period, significant
// children, children added and taken away at run time; start in order, stop in reverse, one after
// the other (those of simple_one_for_one all at once). Events that come while a child is being
// stopped wait for their turn, as in the mailbox of an Erlang process; an order to end does not
// wait.
//
// Where it differs from OTP:
// - A restart waits for its back-off. What the strategy stops is stopped before the wait, and a
//   child of the group that is terminated meanwhile does not hold back the others.
// - A child that fails to start at first start is restarted too, unless the policy says `fail`.
// - A death counts towards the intensity when it happened, not when its turn comes.
//
// Bounds: policy.children_max children; requests_max requests that wait.
// Source: Erlang/OTP's documentation and source of the module `supervisor`.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/restart_pace.hpp"
#include "runtime/supervisor_policy.hpp"

namespace troupe {

// Never given twice; grows in the order of start. The children of the constructor are 0, 1, …
using child_id = std::uint64_t;

enum class child_state : std::uint8_t {
  idle,      // ended for good, or never started
  waiting,   // for its back-off
  due,       // to be started when those before it have been
  starting,  // a start action is out
  running,
  fallen,   // has ended by itself; what follows is decided when its turn comes
  doomed,   // to be stopped when those after it have been
  stopping  // a stop action is out
};

// What somebody asks of a running supervisor.
struct supervisor_request {
  enum class kind { start_child, terminate_child, restart_child, delete_child };
  kind what = kind::start_child;
  std::uint64_t token = 0;  // names the request in its answer; not 0
  child_rules child{};      // only start_child reads more than the name
};

enum class request_outcome {
  done,
  not_found,        // no child has that name
  already_running,  // start: a child of that name runs
  already_present,  // start: a child of that name is there and does not run
  running,          // restart, delete: it must be terminated first
  restarting,       // restart, delete: it waits for its back-off
  not_dynamic,      // restart, delete: not with simple_one_for_one
  invalid_rules,    // start: see valid_rules()
  start_failed,     // it is not kept, if this was its first start
  overloaded,       // a bound is reached
  ending            // the supervisor ends
};

// One thing to do.
struct supervisor_action {
  enum class kind {
    start,  // make `child`, for request `token` or for none; call started(), ignored() or exited()
    stop,   // end `child`; call exited() when it has ended
    restart,  // call restart_due(token) after `delay`; `child` failed
    answer,   // `outcome` of the request `token` about `child`
    forget,   // `child` is no more
    finish    // all children have ended and the supervisor ends; end() says why
  };
  kind what = kind::start;
  child_id child = 0;
  std::uint64_t token = 0;
  std::chrono::nanoseconds delay{0};
  request_outcome outcome = request_outcome::done;
};

class supervisor_core {
 public:
  static constexpr std::size_t requests_max = 1'000;

  // REQUIRES: valid_rules() for each child, no name twice.
  explicit supervisor_core(const supervisor_policy& policy, std::vector<child_rules> children = {});

  using actions = std::vector<supervisor_action>;

  // Starts all children in order.
  actions start();

  // The child of the last start action is up. REQUIRES: after a start action, the next call is this
  // one, ignored() or exited() for the same child; stop() may come between.
  actions started(child_id child, time_point now);

  // It decided not to start, which is no failure.
  actions ignored(child_id child);

  // A child ended or could not be started. `jitter` in [0, 1) spreads its back-off.
  struct exit {
    child_id child = 0;
    bool normal = false;
    time_point now;
    double jitter = 0;
  };
  actions exited(const exit& event);

  // The delay of a restart action has passed; stale tickets are ignored.
  actions restart_due(std::uint64_t ticket);

  // Takes a request; one answer action follows, now or later.
  actions requested(supervisor_request request);

  // Ends all children in reverse order, then the supervisor.
  actions stop();

  // Returns the child's state, idle if there is no such child.
  child_state state(child_id child) const;
  std::size_t size() const { return children_.size(); }
  std::uint64_t restarts() const { return restarts_total_; }
  bool stopping() const { return end_ != supervisor_end::none; }
  bool finished() const { return finished_; }
  supervisor_end end() const { return end_; }

 private:
  struct child {
    child_rules rules;
    child_state state = child_state::idle;
    std::uint64_t ticket = 0;
    std::uint64_t request = 0;   // answered when the action that is out has been carried out
    std::uint32_t failures = 0;  // since it last ran for a whole period
    bool added = false;          // by the request above, which has not been answered
    bool comes_back = false;     // after its stop
    time_point started_at{};
  };
  using child_iterator = std::map<child_id, child>::iterator;
  struct due {
    std::uint64_t ticket = 0;
  };
  using event = std::variant<exit, due, supervisor_request>;

  child_iterator add(child_rules rules);
  void set(child& c, child_state state);
  std::size_t count(child_state state) const { return counts_[static_cast<std::size_t>(state)]; }
  bool simple() const { return policy_.strategy == restart_strategy::simple_one_for_one; }
  void answer(std::uint64_t token, request_outcome outcome, child_id child = 0);
  void rest(child_iterator it);
  void erase(child_iterator it);
  void stopped(child_iterator it);
  void start_failed(child_iterator it, const exit& event);
  void judge(child_iterator it, const exit& event);
  void restart(child_iterator it, const exit& event);
  void doom_group(child_iterator first, std::uint64_t ticket);
  void end_if_significant_ended();
  void end_all(supervisor_end why);

  void take(const exit& event);
  void take(const due& event);
  void take(const supervisor_request& request);
  void start_child(const supervisor_request& request);
  void terminate_child(const supervisor_request& request, child_iterator it);
  void restart_child(const supervisor_request& request, child_iterator it);
  void delete_child(const supervisor_request& request, child_iterator it);

  actions next_step();
  bool stop_next();
  bool start_next();
  void begin(child_iterator it);

  supervisor_policy policy_;
  std::map<child_id, child> children_;
  std::unordered_map<std::string, child_id> ids_;
  std::array<std::size_t, 8> counts_{};  // children in each state
  restart_window window_;
  std::deque<event> inbox_;
  std::size_t requests_waiting_ = 0;
  child_id next_id_ = 0;
  std::uint64_t restarts_total_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::optional<supervisor_action> restart_;  // given out when its group has stopped
  actions out_;
  bool first_start_ = true;
  bool finished_ = false;
  supervisor_end end_ = supervisor_end::none;
};

}  // namespace troupe
