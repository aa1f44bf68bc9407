// Engines as the cluster sees them: they answer probes and requests after some time, or die.
//
// An engine lives on a node, and its clients reach it over the network that nodes have.
//
// Thread: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include "actors/engine_proxy/engine_prober.hpp"
#include "actors/messages.hpp"
#include "tests/simulation/cluster/sim_network.hpp"

namespace troupe::simulation {

// What a client of an engine is told of its request.
struct exchange_step {
  enum class kind : std::uint8_t { first_token, completed, failed };
  std::uint64_t exchange = 0;
  kind what = kind::failed;
  errc code = errc::connection_lost;  // with `failed`
};

class model_engines {
 public:
  // Both by reference, to outlive this.
  explicit model_engines(sim_network& network) : network_{network}, world_{network.world} {}

  // Starts the process of an engine; returns where it listens.
  actors::engine_address start(const std::string& engine, const std::string& node);

  // The process ends, with all that it was at.
  void kill(const std::string& engine);

  // It takes connections and answers nothing, until it is started anew.
  void hang(const std::string& engine) { engines_[engine].hung = true; }

  bool runs(const std::string& engine) const;
  sim_network& network() { return network_; }

  struct client {
    std::string node;
    std::function<void(exchange_step)> tell;  // called at the client's node, if it still runs
  };
  // Sends a request to the engine at an address; the client is told a first token and then its
  // end, or that it failed.
  void ask(const actors::engine_address& at, std::uint64_t exchange, client who);

  // Returns what probes an engine, as a proxy of its own node does.
  std::shared_ptr<actors::engine_prober> prober(const std::string& engine,
                                                const node_description& node);

 private:
  class one_prober;
  struct engine {
    std::string node;
    std::uint16_t port = 0;  // of the process that runs; 0: none
    bool hung = false;
    std::map<std::uint64_t, client> open;  // by a number of ours
  };

  engine* at(const actors::engine_address& address);
  void answer(const actors::engine_address& at, std::uint64_t number, exchange_step what);
  void take(const actors::engine_address& at, std::uint64_t exchange, const client& who);
  void tell(const std::string& from, const client& who, exchange_step what);

  sim_network& network_;
  sim_world& world_;
  std::map<std::string, engine> engines_;
  std::uint16_t last_port_ = 1'000;
  std::uint64_t last_number_ = 0;
};

}  // namespace troupe::simulation

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::simulation::exchange_step)
