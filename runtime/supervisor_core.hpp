// What a supervisor decides: whom to start, stop and restart, when, and when to give up.
//
// A pure state machine: time and jitter come in, actions go out, to be carried out in their order.
// OTP's semantics (one_for_one, one_for_all, rest_for_one; permanent, transient, temporary; start
// in order, stop in reverse, one after the other; at most restarts_max restarts in a period), plus
// exponential back-off. Where it differs from OTP: a child that fails to start is restarted like
// one that died, also at first start.
//
// Bounds: remembers restarts_max + 1 restarts.
// Source: Erlang/OTP's documentation of the module `supervisor`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "runtime/clock.hpp"

namespace troupe {

enum class restart_strategy {
  one_for_one,  // only who died
  one_for_all,  // all
  rest_for_one  // who died and those started after it
};

enum class restart_kind {
  permanent,  // always restarted
  transient,  // restarted unless it ended normally
  temporary   // never restarted
};

struct supervisor_policy {
  restart_strategy strategy = restart_strategy::one_for_one;
  std::uint32_t restarts_max = 10;  // more within the period: give up
  std::chrono::milliseconds period{60'000};
  std::chrono::milliseconds backoff_min{100};  // doubled at each restart in a row
  std::chrono::milliseconds backoff_max{10'000};
};

// One thing to do.
struct supervisor_action {
  enum class kind {
    start,    // make `child`; then call started() or exited()
    stop,     // end `child`; exited() is called when it has
    restart,  // call restart_due(ticket) after `delay`
    finish    // all children have ended and the supervisor ends; gave_up says why
  };
  kind what = kind::start;
  std::size_t child = 0;  // restart: who failed
  std::uint64_t ticket = 0;
  std::chrono::nanoseconds delay{0};
};

enum class child_state {
  idle,      // ended for good, or never started
  waiting,   // for its back-off
  due,       // to be started when those before it have been
  starting,  // a start action is out
  running,
  doomed,   // to be stopped when those after it have been
  stopping  // a stop action is out
};

class supervisor_core {
 public:
  supervisor_core(const supervisor_policy& policy, std::vector<restart_kind> children);

  using actions = std::vector<supervisor_action>;

  // Starts all children in order.
  actions start();

  // The child of the last start action is up. REQUIRES: after a start action, the next call is this
  // one or exited() for the same child; stop() may come between.
  actions started(std::size_t child, time_point now);

  // A child ended or could not be started. `jitter` in [0, 1) spreads its back-off.
  struct exit {
    std::size_t child = 0;
    bool normal = false;
    time_point now;
    double jitter = 0;
  };
  actions exited(const exit& event);

  // The delay of a restart action has passed; stale tickets are ignored.
  actions restart_due(std::uint64_t ticket);

  // Ends all children in reverse order, then the supervisor.
  actions stop();

  child_state state(std::size_t child) const { return children_[child].state; }
  std::size_t size() const { return children_.size(); }
  std::uint64_t restarts() const { return restarts_total_; }
  bool stopping() const { return ending_; }
  bool finished() const { return finished_; }

  // True if it ends because the restarts became too many.
  bool gave_up() const { return gave_up_; }

 private:
  struct child {
    restart_kind kind;
    child_state state = child_state::idle;
    std::uint64_t ticket = 0;
    std::uint32_t failures = 0;  // in a row
    time_point started_at{};
  };

  bool too_many_restarts(time_point now);
  std::chrono::nanoseconds back_off(child& c, const exit& event) const;
  void restart(child& c, const exit& event);
  void doom_group(std::size_t first, std::uint64_t ticket);
  void end_all();
  actions next_step();

  supervisor_policy policy_;
  std::vector<child> children_;
  std::deque<time_point> restarts_;  // within the period
  std::uint64_t restarts_total_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::optional<supervisor_action> restart_;  // given out when its group has stopped
  bool ending_ = false;
  bool gave_up_ = false;
  bool finished_ = false;
};

}  // namespace troupe
