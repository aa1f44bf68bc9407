// A whole cluster in one thread from one seed: shipped supervisors, placement, streams,
// routers, proxies, finders, membership and remote actors over a simulated network, under a plan of
// faults.
//
// After the faults there is peace, at whose end everybody must know what there is: membership who
// lives, routers which engines; placed engines run where the placement says, and no lease is left.
//
// Thread: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/cluster/fault_plan.hpp"
#include "tests/simulation/cluster/leave_watch.hpp"
#include "tests/simulation/cluster/sim_node.hpp"
#include "tests/simulation/cluster/verdict_watch.hpp"

namespace troupe::simulation {

struct sim_result {
  std::uint64_t hash = 0;  // of the trace
  std::string violation;   // empty: all held
  std::uint64_t requests = 0;
  std::uint64_t completed = 0;
  std::uint64_t attempts_max = 0;   // of one request
  std::uint64_t records_lost = 0;   // between nodes
  std::uint64_t leases_leaked = 0;  // that nobody will end before they expire
  std::uint64_t lost_twice = 0;     // requests of which two engines went with their nodes
};

using trace_sink = std::function<void(const std::string&)>;

// Runs a plan to its end, or until what must hold does not.
sim_result simulate(const fault_plan& plan, const mutations& without = {},
                    const trace_sink& sink = {});

class sim_cluster {
 public:
  sim_cluster(const fault_plan& plan, const mutations& without, const trace_sink& sink);
  sim_cluster(const sim_cluster&) = delete;
  sim_cluster& operator=(const sim_cluster&) = delete;

  sim_result run();

 private:
  void run_until(time_point end);
  void settle();

  void start(std::size_t node);
  void drive(std::size_t node, std::size_t client);
  void request(std::size_t node, std::size_t client);
  void later(std::size_t node, duration after, std::function<void(sim_node&)> happen);

  void plan(const fault& one);
  void begin(const fault& one);
  void end(const fault& one);
  void kill(std::size_t node);
  void leave(std::size_t node);
  void end_stopped();
  void gone(std::size_t node);
  void pause(std::size_t node);
  void resume(std::size_t node);
  void isolate(std::size_t node, bool on);

  void check_members(std::size_t node);
  void check_routes(std::size_t node);
  void check_asked(std::size_t node);
  void check_placed();
  void check_end();

  bool lives(const node_id& which) const;
  sim_node_plan plan_of(std::size_t node) const;
  way between(std::size_t from, std::size_t to) const { return {node_name(from), node_name(to)}; }

  std::vector<config::placed_spec> placed() const;

  fault_plan plan_;
  mutations without_;
  transport::message_catalogue catalogue_;
  sim_world world_;
  time_point began_;
  sim_network network_{world_};
  verdict_watch verdicts_{world_, plan_};
  leave_watch leaves_{world_, plan_};
  request_book book_{world_, sim_node::bounds()};
  model_engines engines_{network_, book_, leaves_, plan_.stalls};
  std::vector<std::unique_ptr<sim_node>> nodes_;
  std::vector<std::uint64_t> lives_;          // started so far, of each node
  std::vector<time_point> starts_no_sooner_;  // each node that has left
  bool serves_ = true;                        // requests are made
  std::uint64_t leases_leaked_ = 0;
};

}  // namespace troupe::simulation
