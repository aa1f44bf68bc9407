// A simulated node: its actor system with virtual time, its router, proxies, streams and clients,
// and its lives in the cluster: it begins another when the others hold it for dead.
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
#include "apps/node_member.hpp"
#include "runtime/registry.hpp"
#include "tests/simulation/cluster/leave_watch.hpp"
#include "tests/simulation/cluster/model_engine.hpp"
#include "tests/simulation/cluster/request_book.hpp"
#include "tests/simulation/cluster/sim_asker.hpp"
#include "tests/simulation/cluster/sim_client.hpp"
#include "tests/simulation/cluster/sim_ending.hpp"
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

class sim_node final : private apps::node_lives {
 public:
  // By reference, to outlive it.
  struct parts {
    sim_network& network;
    model_engines& engines;
    request_book& book;
    const transport::message_catalogue& catalogue;
    leave_watch& watch;
    const mutations& without;
  };

  sim_node(parts p, const sim_node_plan& plan, std::uint64_t incarnation);

  // The process is killed: nobody is told by it.
  ~sim_node() override;

  const sim_node_plan& plan() const { return plan_; }
  const node_description& self() const { return self_; }  // of the latest life

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

  // It gets a signal to stop: ends in order, or what it is at thereby.
  void tell_to_stop();
  bool has_stopped() const { return ending_.is_over(); }
  bool has_stopped_cleanly() const { return ending_.is_clean(); }

  void kill_actors() { tree_->kill_actors(); }

  // ---- what it knows; each runs it ----

  std::optional<actors::model_listing> routed();
  std::optional<transport::member_status> members();
  const asked_routers& asked() const { return asked_; }

  static constexpr std::chrono::milliseconds answer_timeout{3'500};
  static constexpr std::chrono::milliseconds stop_timeout{1'500};
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
  caf::expected<apps::life_actors> begin_life() override;
  void end_life() override { life_.reset(); }
  void outlived(std::uint64_t incarnation) override { self_.id.incarnation = incarnation; }
  void follow(const caf::actor& who);
  void tell_life();
  void announce_leave();
  void carry_out(apps::ending_step step);
  void notice_drained();
  node_description description(std::uint64_t incarnation) const;
  time_point actors_due();
  bool run_ending(time_point now);
  bool knows_model() const;
  void start_clients(std::uint64_t first_request);
  void end_clients();
  std::vector<actors::stream_actor> streams() const;
  std::shared_ptr<transport::http::exchange> ask_engine(const transport::http::endpoint& to,
                                                        const transport::http::request& message,
                                                        const std::string& body,
                                                        transport::http::exchange_handler& handler);
  template <class T, class Message>
  std::optional<T> ask_for(const caf::actor& whom, Message message);

  parts parts_;
  sim_node_plan plan_;
  node_description self_;
  system_config config_;
  registry names_;
  std::shared_ptr<prometheus::Registry> metrics_ = std::make_shared<prometheus::Registry>();
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<sim_life> life_;  // null between two
  std::unique_ptr<sim_tree> tree_;
  asked_routers asked_;
  caf::actor asker_;
  caf::actor follower_;        // of its lives
  time_point served_under_{};  // since when the router was there that gave out the last lease
  config::node_spec spec_;
  std::unique_ptr<actors::stream_metrics> stream_metrics_;
  std::unique_ptr<actors::stream_context> streams_;
  std::vector<std::unique_ptr<sim_client>> clients_;
  std::shared_ptr<apps::node_lives*> lives_ =
      std::make_shared<apps::node_lives*>(static_cast<apps::node_lives*>(this));
  sim_ending ending_{[this](apps::ending_step step) { carry_out(step); }};
  bool is_leaving_ = false;         // has begun to
  bool is_open_ = true;             // takes requests
  bool waits_for_clients_ = false;  // to have left
};

}  // namespace troupe::simulation
