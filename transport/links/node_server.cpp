#include "transport/links/node_server.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include "runtime/errc.hpp"

namespace troupe::transport {

namespace {

using answer = caf::result<caf::strong_actor_ptr>;

struct node_server_state {
  static inline const char* name = "node_server";
  const registry* names = nullptr;
  const std::map<std::string, actor_factory>* kinds = nullptr;
};

answer find(const node_server_state& state, const get_actor& what) {
  auto found = state.names->find(what.name);
  if (found == nullptr) {
    return make_failure(errc::not_found, "no actor here is called \"" + what.name + "\"");
  }
  return found;
}

answer spawn(const node_server_state& state, const spawn_actor& what) {
  const auto factory = state.kinds->find(what.kind);
  if (factory == state.kinds->end()) {
    return make_failure(errc::not_found,
                        "this node starts no actors of kind \"" + what.kind + "\"");
  }
  auto made = factory->second(what.arguments);
  if (!made) return made.error();
  return std::move(*made);
}

caf::behavior node_server(caf::stateful_actor<node_server_state>* self, const registry* names,
                          const std::map<std::string, actor_factory>* kinds) {
  self->state.names = names;
  self->state.kinds = kinds;
  return {
      [self](const get_actor& what) { return find(self->state, what); },
      [self](const spawn_actor& what) { return spawn(self->state, what); },
      [](link_change& change) {
        const auto owner = change.owner.lock();
        if (owner == nullptr) return;
        owner->tell_link(*change.node, change.actor, change.other, change.linked);
      },
  };
}

}  // namespace

caf::strong_actor_ptr spawn_node_server(caf::actor_system& system, const registry& names,
                                        const std::map<std::string, actor_factory>& kinds) {
  return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(node_server, &names, &kinds));
}

}  // namespace troupe::transport
