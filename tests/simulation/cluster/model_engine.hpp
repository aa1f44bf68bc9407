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
#include <set>
#include <string>
#include <vector>

#include "actors/engine_proxy/engine_prober.hpp"
#include "actors/messages.hpp"
#include "tests/simulation/cluster/leave_watch.hpp"
#include "tests/simulation/cluster/sim_exchange.hpp"
#include "tests/simulation/cluster/sim_network.hpp"

namespace troupe::simulation {

class model_engines {
 public:
  // Stalls: some tokens come later than clients wait. The rest by reference, to outlive this.
  model_engines(sim_network& network, request_book& book, leave_watch& watch, bool stalls)
      : network_{network}, world_{network.world}, book_{book}, watch_{watch}, stalls_{stalls} {}

  // Starts the process of an engine; returns where it listens, port 0 where it dies at once.
  // `ended` is called when it dies by itself. No engine may run twice at once.
  actors::engine_address start(const std::string& engine, const std::string& node,
                               std::function<void()> ended);

  // That process ends, with all that it was at; nothing if it has.
  void kill(const actors::engine_address& which);

  // ---- faults of all engines of a node ----

  // They end with their node, within 20 ms: nobody is told.
  void node_died(const std::string& node);

  // They die, and so does what is started there until it is mended.
  void fail(const std::string& node);
  void mend(const std::string& node) { failing_.erase(node); }

  // They take connections and answer nothing, until they die.
  void hang(const std::string& node);
  void end_hung(const std::string& node);

  // Returns how many processes there are on a node.
  std::size_t running_on(const std::string& node) const;

  // Returns those that run and answer, sorted.
  std::vector<std::string> running() const;

  sim_network& network() { return network_; }

  // Sends a request to the engine at an address; whole: to be answered in one piece.
  std::shared_ptr<sim_exchange> ask(const actors::engine_address& at, bool whole,
                                    sim_exchange::client who);

  // Returns what probes an engine, as a proxy of its own node does.
  std::shared_ptr<actors::engine_prober> prober(const std::string& engine, const std::string& node);

 private:
  class one_prober;
  struct answer {
    std::shared_ptr<sim_exchange> exchange;
    bool whole = false;  // in one piece
    std::uint64_t tokens = 0, made = 0;
    std::chrono::microseconds pace{0};  // between two
  };
  struct engine {
    std::string node;
    std::uint16_t port = 0;  // of the process that runs; 0: none
    bool hung = false;
    bool orphaned = false;  // its node is gone, and it is about to follow
    std::function<void()> ended;
    std::map<std::uint64_t, answer> open;  // by the exchange's number
  };

  void die(engine& which);
  engine* at(const actors::engine_address& address);
  void take(const actors::engine_address& at, answer to);
  duration stall();
  void go_on(const actors::engine_address& at, std::uint64_t exchange, duration after);
  void step(const actors::engine_address& at, std::uint64_t exchange);
  void send_pieces(const engine& which, sim_exchange& to, std::string event);
  void end(engine& which, answer& it);
  void forget(const actors::engine_address& at, std::uint64_t exchange, const std::string& client);

  sim_network& network_;
  sim_world& world_;
  request_book& book_;
  leave_watch& watch_;
  bool stalls_;
  std::map<std::string, engine> engines_;
  std::set<std::string> failing_;  // nodes
  std::uint64_t last_exchange_ = 0;
  std::uint16_t last_port_ = 1'000;
};

}  // namespace troupe::simulation
