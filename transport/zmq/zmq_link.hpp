// A link over ZeroMQ: two lanes to one incarnation of a peer, and what came from it.
//
// Thread: what peer_link offers from any; the rest on the home thread of the links.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "transport/zmq/link_handshake.hpp"
#include "transport/zmq/link_lane.hpp"
#include "transport/zmq/socket_watch.hpp"

namespace troupe::transport::zmq {

class zmq_link final : public peer_link {
 public:
  // Opens the lanes' sockets and connects them in the background. `has_answers` is called on any
  // thread. Errors: io_error (no more sockets, a malformed endpoint).
  static caf::expected<std::shared_ptr<zmq_link>> make(message_context& context,
                                                       const node_description& node,
                                                       const link_options& options,
                                                       std::function<void()> has_answers);

  // peer_link
  const node_description& node() const override;
  send_result send(lane where, std::string_view record,
                   std::span<const shared_bytes> blobs) override;
  std::size_t queued_bytes(lane where) const override { return at(where).queued_bytes(); }
  bool ended() const override { return ended_.load(std::memory_order_acquire); }

  // Marks it ended; false where it was already. Any thread.
  bool mark_ended() { return !ended_.exchange(true, std::memory_order_acq_rel); }

  // The peer said who it is: true the first time. REQUIRES: the same incarnation.
  bool describe(const node_description& node);
  bool is_described() const { return known_.load() != &reached_; }

  // What it is now. Any thread.
  link_status status() const;

  // Closes the sockets, without effect where they are. What the control lane has to say may still
  // go for so long, in the background.
  void close(std::chrono::milliseconds farewell = {});

  link_lane& control() { return *lanes_[0]; }
  link_lane& at(lane where) const { return *lanes_[static_cast<std::size_t>(where)]; }

  int answers_descriptor() const { return answers_descriptor_; }

  greeting greet;
  std::array<frame_order, lanes> order;
  std::uint64_t granted = 0;  // the token of what comes from it; 0: none yet
  std::vector<std::unique_ptr<socket_watch>> watches;
  time_point heard_at;  // when the listener was told last

  // Written on the home thread.
  std::atomic<bool> up{false};
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> gaps{0};

 private:
  struct parts {
    std::array<std::shared_ptr<link_lane>, lanes> opened;
    int answers_descriptor;
  };
  zmq_link(node_description node, const link_options& options, parts opened);

  const node_description reached_;
  std::unique_ptr<const node_description> described_;
  std::atomic<const node_description*> known_{&reached_};
  std::array<std::shared_ptr<link_lane>, lanes> lanes_;
  int answers_descriptor_;
  std::atomic<bool> ended_{false};
};

using zmq_link_ptr = std::shared_ptr<zmq_link>;

// Opens a DEALER that connects to an endpoint as all of ours do. Errors: io_error.
caf::expected<link_lane::sockets> open_dealer(message_context& context,
                                              const link_options& options);

}  // namespace troupe::transport::zmq
