// A simulated node: its actor system with virtual time, its router, proxies, streams and clients,
// and its life in the cluster, which it begins anew when the others hold it for dead.
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
#include "tests/simulation/cluster/sim_asker.hpp"
#include "tests/simulation/cluster/sim_client.hpp"
#include "tests/simulation/cluster/sim_life.hpp"
#include "tests/simulation/cluster/sim_tree.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::simulation {

struct sim_node_plan {
  std::string name;
  std::vector<std::string> seeds;
  sim_tree_plan tree;
  std::vector<std::uint64_t> clients;  // their numbers
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

  // A client asks, if it waits for no answer; returns which request that is. One that has not
  // ended within answer_timeout is ended.
  std::optional<std::uint64_t> begin_request(std::size_t client, bool whole);
  void overdue(std::size_t client, std::uint64_t request) { clients_.at(client)->overdue(request); }
  void leave_request(std::size_t client) { clients_.at(client)->leave(); }
  void stop();
  void kill_actors() { tree_->kill_actors(); }

  // ---- what it knows; each runs it ----

  std::optional<actors::model_listing> routed();
  std::optional<transport::member_status> members();
  const asked_routers& asked() const { return asked_; }

  static constexpr std::chrono::milliseconds answer_timeout{3'500};
  static request_book::bounds bounds();
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
  void follow(const caf::actor& who);
  void tell_life();
  node_description description() const;
  bool knows_model() const;
  void start_clients();
  void end_clients();
  std::shared_ptr<transport::http::exchange> ask_engine(const transport::http::endpoint& to,
                                                        const transport::http::request& message,
                                                        const std::string& body,
                                                        transport::http::exchange_handler& handler);
  template <class T, class Message>
  std::optional<T> ask_for(const caf::actor& whom, Message message);

  parts parts_;
  sim_node_plan plan_;
  std::uint64_t incarnation_;
  system_config config_;
  registry names_;
  std::shared_ptr<prometheus::Registry> metrics_ = std::make_shared<prometheus::Registry>();
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<sim_life> life_;
  std::unique_ptr<sim_tree> tree_;
  asked_routers asked_;
  caf::actor asker_;
  caf::actor follower_;        // of its lives
  time_point served_under_{};  // since when the router was there that gave out the last lease
  config::node_spec spec_;
  std::unique_ptr<actors::stream_metrics> stream_metrics_;
  std::unique_ptr<actors::stream_context> streams_;
  std::vector<std::unique_ptr<sim_client>> clients_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace troupe::simulation
