#include "tests/simulation/cluster/sim_process.hpp"

#include <utility>

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/names.hpp"

namespace troupe::simulation {

struct process_listens {};
struct process_ended {};

}  // namespace troupe::simulation

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::simulation::process_listens)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::simulation::process_ended)

namespace troupe::simulation {

namespace {

constexpr std::chrono::milliseconds starts_in{100};

class process_state {
 public:
  static inline const char* name = "sim_process";

  // Runs as the actor ends.
  ~process_state() {
    if (options_.engines == nullptr) return;
    if (address_.port != 0 && !options_.orphans) options_.engines->kill(address_);
    tell_proxy({});
  }

  void begin(caf::event_based_actor* self, sim_process_options options) {
    self_ = self;
    options_ = std::move(options);
    self_->delayed_send(self_, starts_in, process_listens{});
  }

  void listen() {
    address_ = options_.engines->start(options_.engine, options_.node.id.name, teller());
    if (address_.port == 0) return die();
    tell_proxy(address_);
  }

  void die() {
    address_ = {};
    self_->quit(make_failure(errc::process_died, options_.engine));
  }

  void tell() {
    if (address_.port != 0) tell_proxy(address_);
  }

 private:
  void tell_proxy(const actors::engine_address& at) {
    const auto proxy = options_.names->find(actors::proxy_name(options_.engine));
    if (proxy) caf::anon_send(caf::actor_cast<caf::actor>(proxy), at);
  }

  // Tells this actor of the engine's end, once its node is not paused.
  std::function<void()> teller() const {
    return [network = &options_.engines->network(), node = options_.node.id.name,
            self = caf::actor_cast<caf::actor_addr>(self_)] {
      network->run_on(node, [self] {
        if (const auto actor = caf::actor_cast<caf::actor>(self)) {
          caf::anon_send(actor, process_ended{});
        }
      });
    };
  }

  caf::event_based_actor* self_ = nullptr;
  sim_process_options options_;
  actors::engine_address address_{};
};

}  // namespace

caf::actor spawn_sim_process(caf::actor_system& system, sim_process_options options) {
  return system.spawn(
      [](caf::stateful_actor<process_state>* self,
         const sim_process_options& with) -> caf::behavior {
        auto* state = &self->state;
        state->begin(self, with);
        return {
            [state](process_listens) { state->listen(); },
            [state](process_ended) { state->die(); },
            [state](actors::get_engine_address) { state->tell(); },
        };
      },
      std::move(options));
}

}  // namespace troupe::simulation
