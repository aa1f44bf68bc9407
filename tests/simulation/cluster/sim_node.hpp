// A simulated node: its actor system with virtual time, its router, proxies and streams, and its
// life in the cluster, which it begins anew when the others hold it for dead.
//
// Thread: one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <prometheus/registry.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/messages.hpp"
#include "runtime/registry.hpp"
#include "tests/simulation/cluster/model_engine.hpp"
#include "tests/simulation/cluster/request_book.hpp"
#include "tests/simulation/cluster/sim_life.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::simulation {

struct sim_node_plan {
  std::string name;
  std::vector<std::string> seeds;
  bool has_router = false;
  std::vector<std::string> engines;
  std::uint32_t requests_max = 0;      // of an engine
  std::vector<std::uint64_t> streams;  // their numbers
};

class sim_node {
 public:
  // By reference, to outlive it.
  struct parts {
    sim_network& network;
    model_engines& engines;
    request_book& book;
    const transport::message_catalogue& catalogue;
    const mutations& without;
  };

  sim_node(parts p, const sim_node_plan& plan, std::uint64_t incarnation);

  // The process is killed: nobody is told by it.
  ~sim_node();

  const sim_node_plan& plan() const { return plan_; }
  std::string endpoint() const { return endpoint_of(plan_.name); }
  const node_description& self() const { return life_->self(); }
  transport::remote_counts counts() const { return life_->counts(); }

  // ---- time ----

  // Lets its clock come to `now`, and its actors run until none has anything to do.
  void run(time_point now);

  // Returns when its next timer is due.
  time_point next_timer();

  // ---- what is done to it ----

  void begin_request(std::size_t stream);
  void leave_request(std::size_t stream);
  void leave_cluster();
  void engine_started(const actors::engine_address& at);
  void engine_ended();

  // ---- what it knows; each runs it ----

  std::optional<actors::model_listing> routed();
  std::optional<transport::member_status> members();

  static std::string endpoint_of(const std::string& name) { return "sim:" + name; }

 private:
  struct system_config : caf::actor_system_config {
    system_config();
  };

  caf::scheduler::test_coordinator& coordinator() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
  }
  void run_jobs();
  void begin_life();
  void start_actors();
  template <class T, class Message>
  std::optional<T> ask_for(const caf::actor& whom, Message message);

  parts parts_;
  sim_node_plan plan_;
  std::uint64_t incarnation_;
  system_config config_;
  registry names_;
  std::shared_ptr<prometheus::Registry> metrics_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<sim_life> life_;
  actors::router_actor router_;
  std::vector<actors::engine_proxy_actor> proxies_;
  std::vector<caf::actor> streams_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace troupe::simulation
