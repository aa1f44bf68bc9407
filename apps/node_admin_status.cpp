// How node_admin tells what it sees of the cluster.

#include <algorithm>
#include <string_view>
#include <utility>

#include "actors/names.hpp"
#include "apps/admin_cluster_page.hpp"
#include "apps/node_admin.hpp"
#include "runtime/ask.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::apps {

namespace {

constexpr std::chrono::milliseconds look_timeout{2'000};

// The name of a router to ask: our own, else the first one found; empty where there is none.
std::string router_of(const std::vector<std::string>& names) {
  std::string first;
  for (const auto& name : names) {
    if (name == actors::router_name) return name;
    if (actors::is_router_name(name) && (first.empty() || name < first)) first = name;
  }
  return first;
}

// The engine whose supervisor has that name: one that runs here, placed or not. Empty: it is
// another actor.
std::string engine_of(const std::string& name) {
  constexpr std::string_view prefix = "engine/";
  if (!name.starts_with(prefix) || name.find('/', prefix.size()) != std::string::npos) return {};
  return name.substr(prefix.size());
}

cluster_sight alone(const config::node_spec& spec) {
  cluster_sight sight;
  sight.self.id.name = spec.name;
  sight.self.labels = spec.member.labels;
  sight.self.roles = spec.member.roles;
  return sight;
}

}  // namespace

void node_admin::show_metrics(const answer_ptr& to) {
  answer(to, 200, options_.metrics(), "text/plain; version=0.0.4; charset=utf-8");
}

void node_admin::show_cluster(const answer_ptr& to) {
  auto look = options_.cluster();
  if (!look) return show_engines(std::make_shared<cluster_sight>(alone(record().spec)), to);
  auto sight = std::make_shared<cluster_sight>();
  sight->cluster = std::move(look->cluster);
  sight->self = std::move(look->self);
  sight->is_leaving = look->is_leaving;
  sight->links = std::move(look->links);
  if (!look->membership) return show_engines(sight, to);
  ask(
      this, look->membership, look_timeout, transport::get_members{},
      [this, sight, to](const transport::member_status& known) {
        sight->others = known.members;
        std::erase_if(sight->others, [&](const member_record& each) {
          return each.node.id.name == sight->self.id.name;
        });
        show_engines(sight, to);
      },
      [this, to](const caf::error& error) {
        refuse(to, errc::overloaded, "membership did not answer: " + failure_text(error));
      });
}

void node_admin::show_engines(const sight_ptr& sight, const answer_ptr& to) {
  sight->actors = options_.names->names();
  std::ranges::sort(sight->actors);
  const auto name = router_of(sight->actors);
  // What the router does not say is not known, but of this node's engines the names are.
  const auto show_own = [this, sight, to] {
    for (const auto& name : sight->actors) {
      if (const auto engine = engine_of(name); !engine.empty()) {
        sight->own_engines.push_back(engine);
      }
    }
    answer(to, 200, cluster_page(*sight));
  };
  const auto router = options_.names->find_as<actors::router_actor>(name);
  if (!router) return show_own();
  const auto at = name.find('@');
  const auto node = at == std::string::npos ? sight->self.id.name : name.substr(at + 1);
  ask(
      this, router, look_timeout, actors::get_models{},
      [this, sight, node, to](const actors::model_listing& listing) {
        sight->router = node;
        sight->engines = listing.engines;
        answer(to, 200, cluster_page(*sight));
      },
      [show_own](const caf::error&) { show_own(); });
}

}  // namespace troupe::apps
