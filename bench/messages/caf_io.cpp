#include <cstdio>
#include <cstdlib>
#include <future>

#include <unistd.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/all.hpp>

#include "bench/messages/contestant.hpp"
#include "bench/messages/load_actors.hpp"

namespace troupe::bench {

namespace {

template <class T>
T or_exit(caf::actor_system& system, caf::expected<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "caf::io: %s\n", system.render(result.error()).c_str());
  std::exit(1);
}

// Without request timeouts, which wake CAF's clock each time. Its default policy looks for work
// every 50 us, which each round trip would wait for.
void prepare(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  config.set("scheduler.policy", caf::atom("sharing"));
}

class caf_io final : public contestant {
 public:
  std::string name() const override { return "caf::io"; }
  bool is_peer() const override { return true; }

  void serve(const std::function<void(std::uint16_t)>& listening) override {
    caf::actor_system_config config;
    prepare(config);
    caf::actor_system system{config};
    const auto server = system.spawn(load_server);
    listening(or_exit(system, system.middleman().publish(server, 0, "127.0.0.1")));
    while (true) pause();
  }

  void drive(std::uint16_t port, const message_load& load,
             const std::function<void(double)>& measured) override {
    caf::actor_system_config config;
    prepare(config);
    caf::actor_system system{config};
    const auto server = or_exit(system, system.middleman().remote_actor("127.0.0.1", port));
    std::promise<double> rate;
    system.spawn(load_client, load_target{server, caf::infinite}, load,
                 [&rate](double per_second) { rate.set_value(per_second); });
    measured(rate.get_future().get());
    _exit(0);  // the server never ends, so neither would the system
  }
};

}  // namespace

std::unique_ptr<contestant> make_caf_io() {
  return std::make_unique<caf_io>();
}

}  // namespace troupe::bench
