#include "runtime/supervisor.hpp"

#include <deque>
#include <random>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "runtime/assert.hpp"
#include "runtime/errc.hpp"
#include "runtime/log.hpp"

namespace troupe {

namespace {

// What the supervisor tells itself.
struct restart_due {
  std::uint64_t ticket = 0;
};

struct grace_over {
  std::uint64_t child = 0;
  std::uint32_t start = 0;  // which of its starts; later ones have their own grace
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, restart_due& x) {
  return f(caf::meta::type_name("troupe::restart_due"), x.ticket);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, grace_over& x) {
  return f(caf::meta::type_name("troupe::grace_over"), x.child, x.start);
}

using own_actor = supervisor_actor::extend<caf::reacts_to<restart_due>, caf::reacts_to<grace_over>>;

std::vector<restart_kind> kinds_of(const std::vector<child_spec>& children) {
  std::vector<restart_kind> kinds;
  for (const auto& c : children) kinds.push_back(c.kind);
  return kinds;
}

bool is_normal(const caf::error& reason) {
  return !reason || reason == caf::exit_reason::normal || reason == caf::exit_reason::user_shutdown;
}

class supervisor final : public own_actor::base {
 public:
  supervisor(caf::actor_config& cfg, supervisor_spec spec)
      : own_actor::base{cfg},
        spec_{std::move(spec)},
        core_{spec_.policy, kinds_of(spec_.children)},
        running_(spec_.children.size()),
        random_{spec_.jitter_seed} {}

  const char* name() const override { return "supervisor"; }

 private:
  struct child_run {
    caf::strong_actor_ptr actor;  // null: not running
    std::uint32_t starts = 0;
  };

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg& m) { child_down(m); });
    set_exit_handler([this](caf::exit_msg& m) {
      end_reason_ = std::move(m.reason);
      carry_out(core_.stop());
    });
    carry_out(core_.start());
    return {[this](const children_request&) { return report(); },
            [this](const restart_due& m) { carry_out(core_.restart_due(m.ticket)); },
            [this](const grace_over& m) { kill_if_stopping(m); }};
  }

  // Only exit_reason::kill, or the end of the whole system, finds children here.
  void on_exit() override {
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (running_[i].actor) send_exit(running_[i].actor, caf::exit_reason::kill);
      forget(i);
    }
    spec_.children.clear();
  }

  void carry_out(const supervisor_core::actions& actions) {
    pending_.insert(pending_.end(), actions.begin(), actions.end());
    if (carrying_out_) return;
    carrying_out_ = true;
    while (!pending_.empty()) {
      const auto action = pending_.front();
      pending_.pop_front();
      carry_out(action);
    }
    carrying_out_ = false;
  }

  void carry_out(const supervisor_action& action) {
    switch (action.what) {
      case supervisor_action::kind::start:
        start_child(action.child);
        break;
      case supervisor_action::kind::stop:
        stop_child(action.child);
        break;
      case supervisor_action::kind::restart:
        restart_child(action);
        break;
      case supervisor_action::kind::finish:
        finish();
        break;
    }
  }

  void start_child(std::size_t index) {
    const auto& spec = spec_.children[index];
    auto actor = spec.start(system());
    if (!actor || !*actor) {
      const auto reason = actor ? std::string{"no actor"} : failure_text(actor.error());
      log::error("child did not start",
                 {{"supervisor", spec_.name}, {"child", spec.name}, {"reason", reason}});
      carry_out(core_.exited({index, false, clock().now(), jitter()}));
      return;
    }
    auto& run = running_[index];
    run.actor = caf::actor_cast<caf::strong_actor_ptr>(*actor);
    ++run.starts;
    if (spec_.names != nullptr) spec_.names->put(spec.name, run.actor);
    monitor(*actor);
    carry_out(core_.started(index, clock().now()));
  }

  void stop_child(std::size_t index) {
    const auto& run = running_[index];
    send_exit(run.actor, caf::exit_reason::user_shutdown);
    delayed_send(this, spec_.children[index].stop_grace, grace_over{index, run.starts});
  }

  void kill_if_stopping(const grace_over& m) {
    const auto& run = running_[m.child];
    if (core_.state(m.child) != child_state::stopping || run.starts != m.start) return;
    log::warn("child did not end in time: killed",
              {{"supervisor", spec_.name}, {"child", spec_.children[m.child].name}});
    send_exit(run.actor, caf::exit_reason::kill);
  }

  void restart_child(const supervisor_action& action) {
    const auto& child = spec_.children[action.child].name;
    const auto delay = std::chrono::duration_cast<std::chrono::microseconds>(action.delay);
    log::warn("child restarts", {{"supervisor", spec_.name},
                                 {"child", child},
                                 {"delay_ms", delay.count() / 1'000},
                                 {"restarts", core_.restarts()}});
    if (spec_.on_restart) spec_.on_restart(child);
    delayed_send(this, delay, restart_due{action.ticket});
  }

  void finish() {
    if (!core_.gave_up()) {
      quit(end_reason_);
      return;
    }
    const auto& policy = spec_.policy;
    const auto text = spec_.name + " gave up: more than " + std::to_string(policy.restarts_max) +
                      " restarts within " + std::to_string(policy.period.count()) + " ms";
    log::error("supervisor gave up", {{"supervisor", spec_.name}, {"reason", text}});
    quit(make_failure(errc::process_died, text));
  }

  void child_down(const caf::down_msg& m) {
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (!running_[i].actor || running_[i].actor->address() != m.source) continue;
      forget(i);
      const bool expected = core_.state(i) == child_state::stopping;
      if (!expected) {
        log::warn("child ended", {{"supervisor", spec_.name},
                                  {"child", spec_.children[i].name},
                                  {"reason", failure_text(m.reason)}});
      }
      carry_out(core_.exited({i, is_normal(m.reason), clock().now(), jitter()}));
      return;
    }
  }

  void forget(std::size_t index) {
    auto& actor = running_[index].actor;
    if (actor && spec_.names != nullptr) spec_.names->erase(spec_.children[index].name, actor);
    actor = nullptr;
  }

  std::vector<child_report> report() const {
    std::vector<child_report> all;
    for (std::size_t i = 0; i < running_.size(); ++i) {
      all.push_back({spec_.children[i].name, running_[i].actor != nullptr, running_[i].starts});
    }
    return all;
  }

  double jitter() { return std::generate_canonical<double, 32>(random_); }

  supervisor_spec spec_;
  supervisor_core core_;
  std::vector<child_run> running_;
  std::mt19937_64 random_;
  caf::error end_reason_;
  std::deque<supervisor_action> pending_;
  bool carrying_out_ = false;
};

}  // namespace

supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_spec spec) {
  return system.spawn<supervisor>(std::move(spec));
}

}  // namespace troupe
