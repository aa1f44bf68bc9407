#include "runtime/supervisor.hpp"

#include <deque>
#include <map>
#include <random>
#include <utility>

#include <caf/exit_reason.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "runtime/assert.hpp"
#include "runtime/errc.hpp"
#include "runtime/log.hpp"
#include "runtime/orderly_end.hpp"
#include "runtime/supervised_children.hpp"
#include "runtime/supervisor_core.hpp"
#include "runtime/supervisor_errors.hpp"
#include "runtime/supervisor_notes.hpp"

namespace troupe {

namespace {

child_rules rules_of(const child_spec& spec) {
  return {spec.name, spec.kind, spec.significant};
}

bool is_simple(const supervisor_spec& spec) {
  return spec.policy.strategy == restart_strategy::simple_one_for_one;
}

std::vector<child_rules> static_rules(const supervisor_spec& spec) {
  if (is_simple(spec)) return {};
  std::vector<child_rules> rules;
  for (const auto& c : spec.children) rules.push_back(rules_of(c));
  return rules;
}

class supervisor final : public own_supervisor_actor::base {
 public:
  supervisor(caf::actor_config& cfg, supervisor_spec spec)
      : own_supervisor_actor::base{cfg},
        spec_{std::move(spec)},
        core_{spec_.policy, static_rules(spec_)},
        children_{spec_.names},
        random_{spec_.jitter_seed} {
    TROUPE_ASSERT(!is_simple(spec_) || spec_.children.size() == 1);
    if (is_simple(spec_)) return;
    child_id id = 0;
    for (auto& c : spec_.children) children_.add(id++, std::move(c));
  }

  const char* name() const override { return "supervisor"; }

 private:
  using promise = caf::typed_response_promise<child_report>;
  using request_kind = supervisor_request::kind;

  struct asked {
    promise answer;
    child_spec spec;  // terminate, restart, delete: only the name
  };

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg& m) { child_down(m); });
    set_exit_handler([this](caf::exit_msg& m) {
      end_reason_ = std::move(m.reason);
      if (starter_) send_exit(starter_, caf::exit_reason::user_shutdown);
      carry_out(core_.stop());
    });
    carry_out(core_.start());
    return {
        [this](const start_child& m) { return add(m.spec); },
        [this](const start_instance& m) { return add_instance(m.arguments); },
        [this](const terminate_child& m) {
          return on_child(request_kind::terminate_child, m.name);
        },
        [this](const restart_child& m) { return on_child(request_kind::restart_child, m.name); },
        [this](const delete_child& m) { return on_child(request_kind::delete_child, m.name); },
        [this](const which_children&) { return children_.reports(core_); },
        [this](const count_children&) { return children_.count(core_); },
        [this](const restart_due& m) { carry_out(core_.restart_due(m.ticket)); },
        [this](const grace_over& m) { kill_if_stopping(m); },
        [this](const child_started& m) { start_is_over(m); }};
  }

  // Only exit_reason::kill, or the end of the whole system, finds children or requests here.
  void on_exit() override {
    for (const auto& actor : children_.clear()) send_exit(actor, caf::exit_reason::kill);
    for (auto& [token, request] : requests_) {
      request.answer.deliver(refusal(request_outcome::ending, request.spec.name));
    }
    requests_.clear();
    spec_.children.clear();
  }

  // ---- requests ----

  caf::result<child_report> add(child_spec spec) {
    if (is_simple(spec_)) return make_failure(errc::unsupported, "children come from the template");
    if (!spec.start && !spec.start_later)
      return make_failure(errc::invalid_request, spec.name + " cannot be started");
    return enqueue_request(request_kind::start_child, std::move(spec));
  }

  caf::result<child_report> add_instance(const caf::message& arguments) {
    if (!is_simple(spec_)) return make_failure(errc::unsupported, "there is no template");
    auto instance = spec_.children.front();
    instance.name += "/" + std::to_string(++instances_);
    instance.start = [make = std::move(instance.start_with), arguments](caf::actor_system& system) {
      return make(system, arguments);
    };
    return enqueue_request(request_kind::start_child, std::move(instance));
  }

  caf::result<child_report> on_child(request_kind what, const std::string& child) {
    return enqueue_request(what, child_spec{.name = child});
  }

  caf::result<child_report> enqueue_request(request_kind what, child_spec spec) {
    const auto token = ++last_token_;
    auto rules = rules_of(spec);
    auto& request = requests_[token];
    request = {make_response_promise<child_report>(), std::move(spec)};
    auto answer = request.answer;
    carry_out(core_.requested({what, token, std::move(rules)}));
    return answer;
  }

  void answer(const supervisor_action& action) {
    auto request = requests_.extract(action.token);
    TROUPE_ASSERT(!request.empty());
    auto& [promise, spec] = request.mapped();
    if (action.outcome == request_outcome::done) {
      promise.deliver(children_.report(action.child, core_));
    } else if (action.outcome == request_outcome::start_failed) {
      promise.deliver(start_failure_);
    } else {
      promise.deliver(refusal(action.outcome, spec.name));
    }
  }

  // ---- what the core wants done ----

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
        if (!children_.contains(action.child)) {  // a request adds it
          children_.add(action.child, std::move(requests_.at(action.token).spec));
        }
        start(action.child);
        break;
      case supervisor_action::kind::stop:
        stop(action.child);
        break;
      case supervisor_action::kind::restart:
        restart(action);
        break;
      case supervisor_action::kind::answer:
        answer(action);
        break;
      case supervisor_action::kind::forget:
        children_.erase(action.child);
        break;
      case supervisor_action::kind::finish:
        finish();
        break;
    }
  }

  void start(child_id id) {
    const auto& spec = children_.at(id).spec;
    if (!spec.start_later) return started(id, spec.start(system()));
    starting_ = id;
    starter_ = spec.start_later(system(), caf::actor_cast<caf::actor>(this));
    monitor(starter_);
  }

  void start_is_over(const child_started& m) {
    if (!starter_ || current_sender() != caf::actor_cast<caf::strong_actor_ptr>(starter_)) return;
    demonitor(starter_);
    starter_ = nullptr;
    m.actor ? started(starting_, m.actor) : started(starting_, m.failure);
  }

  void started(child_id id, const caf::expected<caf::actor>& actor) {
    auto& child = children_.at(id);
    if (!actor) {
      start_failure_ = actor.error();
      failed_child_ = child.spec.name;
      log::error("child did not start", {{"supervisor", spec_.name},
                                         {"child", child.spec.name},
                                         {"reason", failure_text(actor.error())}});
      carry_out(core_.exited({id, false, clock().now(), jitter()}));
      return;
    }
    ++child.starts;
    if (!*actor) {
      carry_out(core_.ignored(id));
      return;
    }
    children_.up(id, *actor);
    monitor(*actor);
    carry_out(core_.started(id, clock().now()));
  }

  void stop(child_id id) {
    const auto& child = children_.at(id);
    const bool brutal = child.spec.shutdown == child_shutdown::brutal;
    send_exit(child.actor, brutal ? caf::exit_reason::kill : caf::exit_reason::user_shutdown);
    if (child.spec.shutdown == child_shutdown::timed) {
      delayed_send(this, child.spec.stop_grace, grace_over{id, child.starts});
    }
  }

  void kill_if_stopping(const grace_over& m) {
    if (core_.state(m.child) != child_state::stopping) return;
    const auto& child = children_.at(m.child);
    if (child.starts != m.start) return;
    log::warn("child did not end in time: killed",
              {{"supervisor", spec_.name}, {"child", child.spec.name}});
    send_exit(child.actor, caf::exit_reason::kill);
  }

  void restart(const supervisor_action& action) {
    const auto& child = children_.at(action.child).spec.name;
    const auto delay = std::chrono::duration_cast<std::chrono::microseconds>(action.delay);
    log::warn("child restarts", {{"supervisor", spec_.name},
                                 {"child", child},
                                 {"delay_ms", delay.count() / 1'000},
                                 {"restarts", core_.restarts()}});
    if (spec_.on_restart) spec_.on_restart(child);
    delayed_send(this, delay, restart_due{action.token});
  }

  void finish() {
    if (core_.end() == supervisor_end::stopped) {
      quit(end_reason_);
      return;
    }
    const auto reason =
        failure_of(core_.end(), {spec_.policy, spec_.name, failed_child_, start_failure_});
    const bool failed = core_.end() != supervisor_end::auto_shutdown;
    (failed ? log::error : log::info)(
        "supervisor ends", {{"supervisor", spec_.name}, {"reason", failure_text(reason)}});
    quit(reason);
  }

  void child_down(const caf::down_msg& m) {
    if (starter_ && m.source == starter_.address()) {
      starter_ = nullptr;
      return started(starting_, make_failure(errc::process_died, "what was to start it has ended"));
    }
    const auto id = children_.down(m.source);
    if (!id) return;
    if (core_.state(*id) != child_state::stopping) {
      log::warn("child ended", {{"supervisor", spec_.name},
                                {"child", children_.at(*id).spec.name},
                                {"reason", failure_text(m.reason)}});
    }
    carry_out(core_.exited({*id, is_orderly(m.reason), clock().now(), jitter()}));
  }

  double jitter() { return std::generate_canonical<double, 32>(random_); }

  supervisor_spec spec_;
  supervisor_core core_;
  supervised_children children_;
  std::map<std::uint64_t, asked> requests_;
  std::uint64_t last_token_ = 0;
  std::uint64_t instances_ = 0;
  std::mt19937_64 random_;
  caf::error end_reason_;
  caf::error start_failure_;  // of the last start that failed
  std::string failed_child_;
  caf::actor starter_;     // of a child that takes a while; null: none is out
  child_id starting_ = 0;  // that child
  std::deque<supervisor_action> pending_;
  bool carrying_out_ = false;
};

}  // namespace

supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_spec spec) {
  return system.spawn<supervisor>(std::move(spec));
}

}  // namespace troupe
