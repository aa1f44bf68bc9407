#include "actors/router_finder.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include "actors/messages.hpp"
#include "actors/names.hpp"
#include "runtime/ask.hpp"
#include "runtime/log.hpp"
#include "transport/links/membership_actor.hpp"
#include "transport/links/node_messages.hpp"

namespace troupe::actors {

struct look_again {
  node_id node;
};

}  // namespace troupe::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::look_again)

namespace troupe::actors {

namespace {

constexpr std::chrono::milliseconds answer_within{2'000};
constexpr std::chrono::milliseconds look_every{200};

class router_finder_state {
 public:
  static inline const char* name = "router_finder";

  void begin(caf::event_based_actor* self, router_finder_options options) {
    self_ = self;
    options_ = std::move(options);
    // Of one before this one, which may not have heard of an end.
    for (const auto& each : options_.names->names()) {
      if (is_router_name(each) && each != router_name) options_.names->erase(each);
    }
  }

  void take(const transport::node_change& change) {
    using kind = membership_event::kind;
    const auto& id = change.node.id;
    if (change.what == kind::up) {
      const auto& roles = change.node.roles;
      if (std::find(roles.begin(), roles.end(), router_name) == roles.end()) return;
      withdraw(id.name);
      nodes_[id.name] = {change.node, nullptr};
      look(id);
    } else if (change.what == kind::down || change.what == kind::left) {
      if (find(id) == nullptr) return;
      withdraw(id.name);
      nodes_.erase(id.name);
    }
  }

  void look(const node_id& id) {
    const auto* wanted = find(id);
    if (wanted == nullptr || wanted->router != nullptr) return;
    const auto server = caf::actor_cast<caf::actor>(options_.server(wanted->node));
    if (!server) return;  // ended: its `down` is on its way
    ask(
        self_, server, answer_within, transport::get_actor{router_name},
        [this, id](const caf::strong_actor_ptr& router) { found(id, router); },
        [this, id](const caf::error&) { self_->delayed_send(self_, look_every, look_again{id}); });
  }

  // A router's stand-in tells that it has ended, or that its whole node has.
  void router_ended(const caf::actor_addr& which) {
    for (auto& [node, entry] : nodes_) {
      if (entry.router == nullptr || entry.router->get()->address() != which) continue;
      withdraw(node);
      self_->delayed_send(self_, look_every, look_again{entry.node.id});
    }
  }

 private:
  struct entry {
    node_description node;
    caf::strong_actor_ptr router;
  };

  entry* find(const node_id& id) {
    const auto at = nodes_.find(id.name);
    return at != nodes_.end() && at->second.node.id == id ? &at->second : nullptr;
  }

  void found(const node_id& id, const caf::strong_actor_ptr& router) {
    auto* wanted = find(id);
    if (wanted == nullptr || router == nullptr) return;
    wanted->router = router;
    self_->monitor(caf::actor_cast<caf::actor>(router));
    options_.names->put(router_name_of(id.name), router);
    log::info("found a router", {{"node", id.name}});
    for (const auto& each : options_.names->names()) {
      if (!is_proxy_name(each)) continue;
      const auto proxy = options_.names->find_as<engine_proxy_actor>(each);
      if (proxy && proxy.node() == self_->node()) self_->send(proxy, report_to_router{});
    }
  }

  void withdraw(const std::string& node) {
    const auto at = nodes_.find(node);
    if (at == nodes_.end() || at->second.router == nullptr) return;
    options_.names->erase(router_name_of(node), at->second.router);
    at->second.router = nullptr;
  }

  caf::event_based_actor* self_ = nullptr;
  router_finder_options options_;
  std::map<std::string, entry> nodes_;
};

caf::behavior router_finder(caf::stateful_actor<router_finder_state>* self,
                            const router_finder_options& options) {
  auto* state = &self->state;
  state->begin(self, options);
  self->set_down_handler([state](const caf::down_msg& down) { state->router_ended(down.source); });
  return {
      [state](const transport::node_change& change) { state->take(change); },
      [state](const look_again& which) { state->look(which.node); },
  };
}

}  // namespace

caf::actor spawn_router_finder(caf::actor_system& system, router_finder_options options) {
  return system.spawn(router_finder, options);
}

}  // namespace troupe::actors
