// What comes in: the ROUTER of a node, the tokens it has granted, and what frames mean.
//
// Thread: the home thread of the links.
// Bounds: a turn reads `turn_messages_max` messages, `turn_bytes_max` bytes of blobs (so that what
// was made of them is gone before more is) or for `turn_time_max`; what a peer sends beyond what
// ZeroMQ queues for us waits in TCP; of a message that does not end, unread_max.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "transport/zmq/connection_guard.hpp"
#include "transport/zmq/key_guard.hpp"
#include "transport/zmq/link_handshake.hpp"
#include "transport/zmq/socket_watch.hpp"
#include "transport/zmq/zmq_link.hpp"

namespace troupe::transport::zmq {

class link_intake {
 public:
  // What a hello is answered with: the link whose token is granted, or why not.
  using answer = std::variant<zmq_link_ptr, link_refusal>;

  class owner {
   public:
    virtual ~owner() = default;
    virtual answer said_hello(const link_hello& theirs) = 0;
    virtual void refused_hello(const link_refusal& refusal, const std::string& peer) = 0;
    virtual void refused_connection(connection_flaw flaw, const std::string& address) = 0;
  };

  struct parts {
    owner& hellos;
    link_listener& listener;
    link_counts& counts;
    const node_description& self;
    std::chrono::milliseconds heard_interval;
  };

  static constexpr int turn_messages_max = 64;
  static constexpr std::chrono::microseconds turn_time_max{200};
  static constexpr std::size_t turn_bytes_max = 256 * 1024;

  static constexpr unread_budget::bounds unread_max{.connection_bytes_max = 48 * 1024 * 1024,
                                                    .total_bytes_max = 128 * 1024 * 1024};
  static_assert(unread_max.connection_bytes_max > frame_limits::message_bytes_max);

  struct sockets {
    message_socket connections;  // what becomes of those that come
    message_socket router;
    std::unique_ptr<key_guard> guard;
  };

  // Opens the ROUTER, which does not listen yet. Errors: io_error, unsupported.
  static caf::expected<sockets> open(message_context& context, const link_options& options);

  link_intake(sockets opened, const parts& p);

  void start(io_thread& home);
  void close();

  // Looks for connections that send a message without end; called at a steady pace.
  void look();

  // Drops the token granted to a link.
  void forget(const zmq_link_ptr& link);

 private:
  bool read();
  bool read_connections();
  bool read_message();
  void cut_off(const connection_guard::addresses& peers);
  void take(const link_header& header);
  void take_hello();
  void grant(const zmq_link_ptr& link);
  void take_of_peer(const link_header& header);
  void take_batch(const zmq_link_ptr& link, lane where);
  void lost(const zmq_link_ptr& link, lane where);
  void heard(const zmq_link_ptr& link);
  void answer_with(std::string frame);

  parts parts_;
  std::optional<sockets> sockets_;
  connection_guard guard_;
  std::vector<std::unique_ptr<socket_watch>> watches_;  // the ROUTER's first
  std::unordered_map<std::uint64_t, zmq_link_ptr> granted_;
  time_point turn_at_;
  std::size_t turn_bytes_ = 0;

  // The message being read.
  message_frame from_;
  message_frame frame_;
  std::vector<shared_bytes> blobs_;
};

}  // namespace troupe::transport::zmq
