// The node_admin actor: changes a running node as operators ask, over HTTP or by SIGHUP.
//
// | message    | reply | what it changes                                          |
// | drain_tick | -     | takes away the engines that have finished their requests |
//
// Adding an engine starts its children under the node's supervisor. Removing one drains it first:
// it gets no new requests, finishes what it has, and is then taken from the supervisor, an embedded
// one with its process. A reload does the same for whatever the file adds, drops or changes, and
// puts its API keys and certificates to use. A file with a mistake, or one that names a certificate
// which cannot be read, changes nothing.
//
// What it knows is in a node_record, so that one that takes its place goes on: removals are begun
// again, and engines whose start it did not live to see are asked of the supervisor.
//
// Thread: pinned to I/O thread 0, as its listener is (node_admin_front.hpp). Reading the file
// blocks that thread for as long as reading it takes, on the operator's word.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "actors/messages.hpp"
#include "apps/admin_order.hpp"
#include "apps/cluster_look.hpp"
#include "apps/live_settings.hpp"
#include "apps/node_record.hpp"
#include "config/topology_change.hpp"
#include "runtime/clock.hpp"
#include "runtime/pinned_actor.hpp"
#include "runtime/supervisor.hpp"
#include "transport/http/server.hpp"

namespace troupe::apps {

struct drain_tick {};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, drain_tick&) {
  return f(caf::meta::type_name("troupe::drain_tick"));
}

using admin_actor = caf::typed_actor<caf::reacts_to<drain_tick>>;

struct admin_options {
  node_record* record = nullptr;  // these three outlive the actor
  registry* names = nullptr;
  live_settings* live = nullptr;
  std::function<child_spec(const config::engine_spec& engine)> engine_child{};
  std::function<caf::error(const config::engine_spec&)> describe{};  // how an engine is spoken to
  std::function<caf::expected<config::reloaded>()> reread{};         // the file, as at the start
  std::function<caf::error(const config::reloaded&)> secure{};       // new keys, certificates
  std::function<void(const config::node_spec&)> apply_fronts{};      // new limits, names, sessions
  std::function<std::optional<cluster_look>()> cluster{};            // none: in no cluster
  std::function<std::string()> metrics{};                            // as text
};

struct cluster_sight;

// Where an answer goes.
struct admin_answer {
  transport::http::connection* client = nullptr;  // none: it has left
  bool is_due = false;                            // somebody waits for one
};

class node_admin final : public pinned<admin_actor::base> {
 public:
  using answer_ptr = std::shared_ptr<admin_answer>;

  node_admin(caf::actor_config& cfg, io_thread* home, admin_options options);

  // A request came on a connection of the listener.
  void take_request(const transport::http::request& message, const answer_ptr& to);

  // Reads the configuration again, and logs what came of it.
  void reload() { reload(std::make_shared<admin_answer>()); }

  void on_exit() override;
  const char* name() const override { return "node_admin"; }

 protected:
  behavior_type make_behavior() override;

 private:
  using sight_ptr = std::shared_ptr<cluster_sight>;
  using started_fn = std::function<void(const caf::error&)>;

  // Answers.
  void answer(const answer_ptr& to, unsigned status, std::string body,
              std::string_view type = "application/json");
  void refuse(const answer_ptr& to, errc code, const std::string& text);

  // What is asked for.
  void run(const admin_order& order, const answer_ptr& to);
  void list(const answer_ptr& to);
  void add(const config::engine_spec& group, const answer_ptr& to);
  void set_draining(const admin_call& call, bool draining, const answer_ptr& to);
  void remove(const admin_call& call, const answer_ptr& to);
  void reload(const answer_ptr& to);
  void show_metrics(const answer_ptr& to);
  void show_cluster(const answer_ptr& to);
  void show_engines(const sight_ptr& sight, const answer_ptr& to);

  // What is done.
  node_record& record() const { return *options_.record; }
  engine_table& table() const { return record().table; }
  void go_on();
  void forget_lost(const std::vector<std::string>& before,
                   const std::vector<child_report>& children);
  void start(const config::engine_spec& engine, started_fn done);
  void tell(const std::string& engine, const actors::engine_settings& settings);
  void begin_removal(const std::string& engine);
  void drain(const std::string& engine);
  void take_away_drained(const actors::model_listing& listing);
  void take_away(const std::string& engine);
  void take_back(const std::string& engine);
  void gone(const std::string& engine);
  void forget(const std::string& engine);
  void schedule();
  time_point drain_deadline() const;
  void apply(const config::topology_change& change, const config::reloaded& read);
  void apply_placed(const std::vector<config::placed_spec>& placed);

  admin_options options_;
  bool ticking_ = false;
};

}  // namespace troupe::apps
