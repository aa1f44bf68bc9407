// The links of a node over ZeroMQ: one ROUTER for all that comes, two DEALERs to each peer.
//
// The links live on an I/O thread, so what they tell a listener runs where its actors run, without
// a wake-up. A peer is let in by its hello: we answer with a token that its frames then carry, and
// frames without a token of ours are dropped. So nothing of an ended incarnation comes through.
//
// Thread: as links says. Open on any; destroy on the home thread, or on another while the home
// thread runs: then it waits for it. What was sent last on control lanes, and letters, may still go
// for `farewell`.
// Bounds: link_options, link_bounds, frame_limits.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "runtime/io_thread.hpp"
#include "transport/links/links.hpp"
#include "transport/zmq/link_counts.hpp"
#include "transport/zmq/link_options.hpp"

namespace troupe::transport::zmq {

class link_home;

class node_links final : public links {
 public:
  // Listens at the node's endpoint, whose port may be 0, and serves from then on. The listener must
  // outlive the links. Errors: io_error (the address is taken or none), invalid_config.
  static caf::expected<std::unique_ptr<node_links>> open(io_thread& home, node_description self,
                                                         link_options options,
                                                         link_listener& listener);
  ~node_links() override;

  // links
  const node_description& self() const override;
  peer_link_ptr reach(const node_description& node) override;
  void send_letter(const std::string& endpoint, std::string_view bytes) override;
  void end(const node_id& node, const caf::error& reason) override;
  std::vector<link_status> status() const override;

  // What was counted since the start, of all links together.
  const link_counts& counts() const;

 private:
  node_links(io_thread& home, std::shared_ptr<link_home> served);

  io_thread& home_;
  std::shared_ptr<link_home> served_;
};

}  // namespace troupe::transport::zmq
