// Links over the simulated network: the rules of transport/zmq's links without their sockets.
//
// A hello begins a link and is answered with who is there; records wait until then. Records and
// beats of a lane are numbered and arrive in order; a number that is missing is a gap. Who holds an
// incarnation for ended refuses it, and is then itself ended for that incarnation.
//
// Thread: one.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/cluster/sim_network.hpp"
#include "transport/links/links.hpp"

namespace troupe::simulation {

class sim_links final : public transport::links {
 public:
  static constexpr std::chrono::milliseconds beat_every{100};
  static constexpr std::chrono::milliseconds hello_every{500};
  static constexpr std::chrono::milliseconds heard_every{20};
  static constexpr std::chrono::milliseconds patience{600};  // of a connection without answers
  static constexpr std::size_t queued_bytes_max = 1024 * 1024;

  // The network and the listener must outlive it.
  sim_links(sim_network& network, node_description self, transport::link_listener& listener);
  ~sim_links() override;

  const node_description& self() const override { return self_; }
  transport::peer_link_ptr reach(const node_description& node) override;
  void send_letter(const std::string& endpoint, std::string_view bytes) override;
  void end(const node_id& node, const caf::error& reason) override;
  std::vector<transport::link_status> status() const override { return {}; }

  // As if its process had died: nothing is sent or taken any more.
  void cut_off();

  // ---- what the network tells ----

  // The way to a node is open again.
  void mended(const std::string& node);

  // The connection to that life broke.
  void broke(const node_id& node);

 private:
  class one_link;
  using link_ptr = std::shared_ptr<one_link>;
  struct record {
    transport::lane where{};
    std::uint64_t number = 0;  // in its lane, from 1
    bool is_beat = false;      // says only which number is the next
    std::string bytes{};
    std::vector<shared_bytes> blobs{};
  };

  void beat();
  void beat(const link_ptr& link);
  void say_hello(const link_ptr& link);
  void take_hello(const node_description& from);
  void take_welcome(const node_description& from);
  void refuse(const node_description& from);
  link_ptr meet(const node_description& node);
  void tell_linked(const link_ptr& link);
  void carry(const link_ptr& link, record what);
  void take(const node_description& from, const record& what);
  void heard(const link_ptr& link);
  void post(std::function<void(sim_links&)> happen);
  void finish(const link_ptr& link, const caf::error& reason);
  bool outlived(const node_id& node) const;

  sim_network& network_;
  node_description self_;
  transport::link_listener& listener_;
  std::map<std::string, link_ptr> links_;  // by name: one life of each
  std::set<node_id> ended_;
};

}  // namespace troupe::simulation
