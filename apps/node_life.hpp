// One incarnation of a node in its cluster: its links, the stand-ins of others' actors, and a
// supervisor with what must go on as long as it lives.
//
//   cluster/actors (one_for_one) ── cluster/membership (its end is that of the life)
//                                ├─ cluster/finder     publishes the routers of other nodes
//                                ├─ cluster/watch      keeps what the metrics say of members
//                                └─ cluster/seeds      where others may be found
//
// Thread: made, used and destroyed on the home thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include "apps/node_cluster_metrics.hpp"
#include "config/topology.hpp"
#include "runtime/io_thread.hpp"
#include "runtime/registry.hpp"
#include "runtime/supervisor.hpp"
#include "transport/links/links.hpp"
#include "transport/links/links_gate.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/links/remote_actors.hpp"
#include "transport/zmq/link_options.hpp"
#include "transport/zmq/node_links.hpp"

namespace troupe::apps {

class node_life final : public transport::link_listener {
 public:
  // By reference: to outlive this object.
  struct parts {
    caf::actor_system& system;
    io_thread& home;
    const config::topology& all;
    const config::node_spec& node;
    registry& names;
    cluster_metrics& metrics;
    std::function<void(const std::string& child)> on_restart{};  // may be empty
  };

  node_life(const parts& p, const transport::message_catalogue& kinds);
  ~node_life() override;

  // Listens. Errors: io_error (the address is taken).
  caf::error open(node_description self, transport::zmq::link_options options);

  // Starts the actors. REQUIRES: open().
  void start();

  const node_description& self() const { return links_->self(); }
  const caf::actor& membership() const { return membership_; }  // null before start()
  const supervisor_actor& supervisor() const { return supervisor_; }
  std::vector<transport::link_status> links() const { return links_->status(); }

  // ---- link_listener: actors' records go one way, what membership wants to know the other ----

  void linked(const transport::peer_link_ptr& peer) override { remote_->linked(peer); }
  void received(const transport::peer_link_ptr& peer, transport::lane where,
                std::string_view record, std::span<const shared_bytes> blobs) override {
    remote_->received(peer, where, record, blobs);
  }
  void gap(const transport::peer_link_ptr& peer, transport::lane where) override {
    remote_->gap(peer, where);
  }
  void ended(const transport::peer_link_ptr& peer, const caf::error& reason) override {
    remote_->ended(peer, reason);
  }
  void heard(const transport::peer_link_ptr& peer) override;
  void connected(const transport::peer_link_ptr& peer) override;
  void disconnected(const transport::peer_link_ptr& peer) override;
  void letter(std::string_view bytes) override;

 private:
  supervisor_spec tree() const;

  const parts& parts_;
  std::shared_ptr<transport::remote_actors> remote_;
  std::unique_ptr<transport::zmq::node_links> links_;
  std::shared_ptr<transport::links_gate> gate_;
  caf::actor membership_;
  supervisor_actor supervisor_;
};

}  // namespace troupe::apps
