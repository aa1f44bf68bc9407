// One source of the subscriber: its sockets, its place in the sequence.
//
// Thread: made on any, used on the subscriber's.
#pragma once

#include <optional>

#include "transport/zmq/kv_event_subscriber.hpp"
#include "transport/zmq/message_socket.hpp"

namespace troupe::transport::zmq {

class kv_event_follower {
 public:
  using sink = std::function<void(kv_notice)>;

  // Opens and connects the live socket. Errors: io_error.
  static caf::expected<std::unique_ptr<kv_event_follower>> make(message_context& context,
                                                                const kv_event_source& source,
                                                                const kv_subscriber_limits& limits);

  // Adds the sockets to the ones waited for.
  void add_to(socket_poll& poll);

  // Reads what has come, a bounded number of messages.
  void read(const socket_poll& poll, const sink& out);

  // Gives up what has taken too long, and asks again where a loss would not show by itself.
  void expire(const sink& out);

  std::optional<time_point> deadline() const;

 private:
  struct sockets {
    message_socket live;
    message_socket connections;
  };

  kv_event_follower(message_context& context, kv_event_source source, sockets opened,
                    const kv_subscriber_limits& limits);

  void read_connections(const sink& out);
  void read_live(const sink& out);
  void read_replay(const sink& out);
  bool take_reply(std::vector<std::string> frames, const sink& out);
  void act(kv_sequence_actions actions, const sink& out);
  void ask(const kv_replay_request& request);
  void settle(const kv_caught_up& caught_up, const sink& out);
  kv_notice decoded(kv_deliver delivery) const;

  message_context& context_;
  kv_event_source source_;
  kv_subscriber_limits limits_;
  kv_event_sequence sequence_;
  message_socket connections_;
  message_socket live_;
  std::optional<message_socket> replay_;  // of the attempt under way
  std::uint64_t attempt_ = 0;
  std::size_t first_index_ = 0;
  bool is_replay_polled_ = false;
  std::optional<time_point> check_at_;   // while nothing is being replayed
  std::chrono::milliseconds check_gap_;  // until the check after it
  bool has_news_ = true;                 // since the last kv_caught_up that was told
};

}  // namespace troupe::transport::zmq
