// What the node_server of a node is asked.
//
// | message | reply | errors |
// | --- | --- | --- |
// | get_actor | the actor of that name | not_found |
// | spawn_actor | the new actor | not_found, and what the factory says |
#pragma once

#include <string>

#include <caf/actor_control_block.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/typed_actor.hpp>

#include "transport/links/message_catalogue.hpp"

namespace troupe::transport {

// Who is "router" there now?
struct get_actor {
  std::string name;
};

// Starts an actor of a kind that node offers. It lives until it ends by itself or is sent an exit.
struct spawn_actor {
  std::string kind;
  std::string arguments;  // as the kind reads them
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_actor& x) {
  return f(caf::meta::type_name("get_actor"), x.name);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, spawn_actor& x) {
  return f(caf::meta::type_name("spawn_actor"), x.kind, x.arguments);
}

using node_server_actor =
    caf::typed_actor<caf::replies_to<get_actor>::with<caf::strong_actor_ptr>,
                     caf::replies_to<spawn_actor>::with<caf::strong_actor_ptr>>;

// Adds them and their answers.
inline void add_node_messages(message_catalogue& catalogue) {
  catalogue.add<get_actor>("(get_actor)");
  catalogue.add<spawn_actor>("(spawn_actor)");
  catalogue.add<caf::strong_actor_ptr>("(actor)");
}

}  // namespace troupe::transport
