// One incarnation of a simulated node, wired as apps/node_life does: links, stand-ins of remote
// actors, and under a supervisor membership and the finder of routers.
//
// It checks that nothing of an incarnation comes once membership holds it for ended.
//
// Thread: one.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include "runtime/registry.hpp"
#include "runtime/supervisor.hpp"
#include "tests/simulation/cluster/mutations.hpp"
#include "tests/simulation/cluster/sim_links.hpp"
#include "transport/links/links_gate.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/links/remote_actors.hpp"

namespace troupe::simulation {

class sim_life final : public transport::link_listener {
 public:
  // By reference: to outlive this object.
  struct parts {
    caf::actor_system& system;
    sim_network& network;
    registry& names;
    const transport::message_catalogue& catalogue;
    const mutations& without;
  };

  sim_life(parts p, node_description self, const std::vector<std::string>& seeds);

  // As a node that starts anew does; kill() before is what a process's death does.
  ~sim_life() override;

  // Nothing is sent any more.
  void kill() { links_->cut_off(); }

  const node_description& self() const { return links_->self(); }
  const caf::actor& membership() const { return membership_; }
  const supervisor_actor& supervisor() const { return supervisor_; }
  transport::remote_counts counts() const { return remote_->counts(); }

  void linked(const transport::peer_link_ptr& peer) override;
  void received(const transport::peer_link_ptr& peer, transport::lane where,
                std::string_view record, std::span<const shared_bytes> blobs) override;
  void gap(const transport::peer_link_ptr& peer, transport::lane where) override;
  void ended(const transport::peer_link_ptr& peer, const caf::error& reason) override;
  void heard(const transport::peer_link_ptr& peer) override;
  void connected(const transport::peer_link_ptr& peer) override;
  void disconnected(const transport::peer_link_ptr& peer) override;
  void letter(std::string_view bytes) override;

 private:
  supervisor_spec tree();
  void sign(const transport::peer_link_ptr& peer, int what);
  void note(const transport::peer_link_ptr& peer, const std::string& what);
  void count_failed(std::uint64_t pending_before);

  parts parts_;
  std::shared_ptr<transport::remote_actors> remote_;
  std::unique_ptr<sim_links> links_;
  std::shared_ptr<transport::links_gate> gate_;
  caf::actor membership_;
  supervisor_actor supervisor_;
  std::shared_ptr<std::set<node_id>> over_ = std::make_shared<std::set<node_id>>();  // it says
};

}  // namespace troupe::simulation
