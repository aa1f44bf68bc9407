#include "tests/simulation/cluster/sim_asker.hpp"

#include <chrono>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>

#include "actors/messages.hpp"
#include "actors/names.hpp"
#include "runtime/ask.hpp"

namespace troupe::simulation {

struct ask_all {};

}  // namespace troupe::simulation

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::simulation::ask_all)

namespace troupe::simulation {

namespace {

constexpr std::chrono::milliseconds ask_every{300};
constexpr std::chrono::milliseconds patience{7'000};  // longer than any fault

void ask_one(caf::event_based_actor* self, const sim_asker_options& with, const std::string& name) {
  ask(
      self, with.names->find_as<actors::router_actor>(name), patience, actors::get_models{},
      [with, name](const actors::model_listing&) { (*with.asked)[name] = true; },
      [with, name](const caf::error& error) {
        (*with.asked)[name] = false;
        if (failure_code(error, errc::no_engine) != errc::timeout) return;
        with.world->broken(name + " never answers " + with.node);
      });
}

}  // namespace

caf::actor spawn_sim_asker(caf::actor_system& system, sim_asker_options options) {
  return system.spawn(
      [options = std::move(options)](caf::event_based_actor* self) -> caf::behavior {
        self->delayed_send(self, ask_every, ask_all{});
        return {[self, options](ask_all) {
          for (const auto& name : options.names->names()) {
            if (actors::is_router_name(name) && name != actors::router_name) {
              ask_one(self, options, name);
            }
          }
          self->delayed_send(self, ask_every, ask_all{});
        }};
      });
}

}  // namespace troupe::simulation
