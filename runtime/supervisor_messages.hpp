// What a supervisor is told and what it answers; supervisor.hpp says what each message does.
//
// All of them stay within a node: a child_spec holds functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/message.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/typed_actor.hpp>

#include "runtime/supervisor_policy.hpp"

namespace troupe {

// How a child is ended by its supervisor.
enum class child_shutdown {
  timed,     // exit_reason::user_shutdown, and exit_reason::kill after the grace
  brutal,    // exit_reason::kill at once
  unlimited  // exit_reason::user_shutdown, and as long as it takes; for supervisors
};

struct child_spec {
  std::string name;  // also in the registry; of a template: its children are name/1, name/2, …
  restart_kind kind = restart_kind::permanent;
  std::chrono::milliseconds stop_grace{10'000};

  // Makes the child; called at each (re)start, on the supervisor's thread. A typed handle goes in
  // with caf::actor_cast<caf::actor>(handle). An empty handle says that there is nothing to run,
  // which is no failure.
  std::function<caf::expected<caf::actor>(caf::actor_system&)> start{};

  // Of a template, instead of `start`: makes a child from the arguments of its start_instance.
  std::function<caf::expected<caf::actor>(caf::actor_system&, const caf::message&)> start_with{};

  // Instead of `start`, for a child that takes a while, such as one on another node: makes an actor
  // that starts it and sends the supervisor child_started, once. That actor's end before this is a
  // failure; sent an exit before this it is to answer at once. Nothing else is started meanwhile.
  std::function<caf::actor(caf::actor_system&, const caf::actor& supervisor)> start_later{};

  child_shutdown shutdown = child_shutdown::timed;
  bool significant = false;  // its end may end the supervisor; see auto_shutdown
};

// What became of a start_later.
struct child_started {
  caf::actor actor{};  // null: it could not be started
  caf::error failure{};
};

struct start_child {
  child_spec spec;
};

struct start_instance {
  caf::message arguments;
};

struct terminate_child {
  std::string name;
};

struct restart_child {
  std::string name;
};

struct delete_child {
  std::string name;
};

struct which_children {};

struct count_children {};

enum class child_condition : std::uint8_t { stopped, restarting, running };

struct child_report {
  std::string name;
  child_condition condition = child_condition::stopped;
  std::uint32_t starts = 0;
  caf::actor actor{};  // null unless it runs
};

struct children_count {
  std::uint64_t children = 0;
  std::uint64_t running = 0;
  std::uint64_t restarting = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, terminate_child& x) {
  return f(caf::meta::type_name("troupe::terminate_child"), x.name);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, restart_child& x) {
  return f(caf::meta::type_name("troupe::restart_child"), x.name);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, delete_child& x) {
  return f(caf::meta::type_name("troupe::delete_child"), x.name);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, which_children&) {
  return f(caf::meta::type_name("troupe::which_children"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, count_children&) {
  return f(caf::meta::type_name("troupe::count_children"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, child_report& x) {
  return f(caf::meta::type_name("troupe::child_report"), x.name, x.condition, x.starts, x.actor);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, children_count& x) {
  return f(caf::meta::type_name("troupe::children_count"), x.children, x.running, x.restarting);
}

using supervisor_actor =
    caf::typed_actor<caf::replies_to<start_child>::with<child_report>,
                     caf::replies_to<start_instance>::with<child_report>,
                     caf::replies_to<terminate_child>::with<child_report>,
                     caf::replies_to<restart_child>::with<child_report>,
                     caf::replies_to<delete_child>::with<child_report>,
                     caf::replies_to<which_children>::with<std::vector<child_report>>,
                     caf::replies_to<count_children>::with<children_count>>;

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::child_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::start_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::start_instance)
