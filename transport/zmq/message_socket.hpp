// ZeroMQ sockets that return errors and never block: the one place that meets cppzmq.
//
// Thread: a socket belongs to one thread at a time; a context to any. A context must outlive its
// sockets. Closing drops what was not sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/errc.hpp"
#include "transport/zmq/cluster_key.hpp"
#include "transport/zmq/message_frame.hpp"

namespace zmq {
class context_t;
class socket_t;
}  // namespace zmq

namespace troupe::transport::zmq {

enum class socket_kind { pub, sub, dealer, router, pair };

struct socket_bounds {
  int sent_max = 1'000;      // messages queued for one peer; beyond it they are refused or dropped
  int received_max = 1'000;  // messages queued from one peer
  std::int64_t message_bytes_max = -1;  // a peer that sends more is cut off; -1: no bound
};

// How a socket keeps its connections; zero leaves ZeroMQ's default.
struct connection_pace {
  std::chrono::milliseconds reconnect_min{};  // after a loss, doubled up to
  std::chrono::milliseconds reconnect_max{};
  std::chrono::milliseconds handshake_max{};  // a connection that takes longer is cut off
  std::chrono::milliseconds silence_max{};    // of a host to which something is sent
};

enum class connection_change : std::uint8_t { opened, up, down, refused };

// What a socket's monitor said.
struct connection_event {
  connection_change change = connection_change::up;
  std::string endpoint;
  int descriptor = -1;  // of the connection, where it is opened or down
};

class message_context {
 public:
  // `sockets_max`: sockets open at once.
  explicit message_context(int sockets_max = 1'000);
  ~message_context();

 private:
  friend class message_socket;
  std::unique_ptr<::zmq::context_t> context_;
};

class message_socket {
 public:
  // Errors: io_error (no more sockets).
  static caf::expected<message_socket> open(message_context& context, socket_kind kind,
                                            const socket_bounds& bounds = {});
  ~message_socket();
  message_socket(message_socket&&) noexcept;
  message_socket& operator=(message_socket&&) noexcept;

  // Listens; returns the endpoint with the port the system chose, for port 0. Errors: io_error.
  caf::expected<std::string> bind(const std::string& at);

  // Connects in the background, again after each loss. Errors: io_error (malformed endpoint).
  caf::expected<void> connect(const std::string& endpoint);

  // Connects once more to an endpoint at which ZeroMQ has given up: otherwise it takes the endpoint
  // for one it is connected to. Errors: io_error.
  caf::expected<void> reconnect(const std::string& endpoint);

  // Takes messages whose first frame begins with `topic`; for a SUB socket.
  caf::expected<void> subscribe(std::string_view topic);

  // Returns a socket that receives a message each time a peer's connection is up; as below.
  caf::expected<message_socket> watch_connections(message_context& context);

  // Sets how connections made or accepted from now on are kept. Errors: io_error.
  caf::expected<void> keep(const connection_pace& pace);

  // Lets others in by key (`key_guard`), before bind; is let in by its own. Errors:
  // unsupported (a ZeroMQ without CURVE).
  caf::expected<void> serve_with(const cluster_key& key);
  caf::expected<void> connect_with(const cluster_key& own, const std::string& server_key);

  // Returns a socket from which `read_connection_event` reads what becomes of the connections. It
  // is to be closed after the watched one: ZeroMQ's thread waits for ever to tell one that is gone.
  caf::expected<message_socket> watch_all_connections(message_context& context);
  static std::optional<connection_event> read_connection_event(
      const std::vector<std::string>& frames);

  // Lets what was sent go on in the background when the socket is closed, for so long; its context
  // then waits for that when it is destroyed.
  void linger(std::chrono::milliseconds at_most);

  // A descriptor that becomes readable when something may have come. It is edge-triggered: read
  // until `receive` finds nothing, each time. Sending may take the edge away.
  int descriptor() const;

  // Tells whether there is a connection, made or being made, that takes a message.
  bool is_writable() const;

  // Sends one frame; `more` says that another of the same message follows.
  bool send(message_frame frame, bool more);

  // Takes one frame if there is one.
  bool receive(message_frame& into);

  // Sends the frames as one message; false when the peer's queue is full or there is no peer.
  bool send(std::span<const std::string_view> frames);
  bool send(std::initializer_list<std::string_view> frames) {
    return send(std::span{frames.begin(), frames.size()});
  }

  // Takes one message if there is one.
  std::optional<std::vector<std::string>> receive();

 private:
  // Ends the watch of a socket before it closes it.
  struct closer {
    void operator()(::zmq::socket_t* socket) const;
  };
  using socket_ptr = std::unique_ptr<::zmq::socket_t, closer>;

  explicit message_socket(socket_ptr socket);
  caf::expected<message_socket> watch(message_context& context, int events);
  friend class socket_poll;
  socket_ptr socket_;
};

// Waits for sockets and file descriptors together.
class socket_poll {
 public:
  socket_poll();
  ~socket_poll();

  // Forgets all entries.
  void clear();

  // Adds an entry and returns its index.
  std::size_t add(message_socket& socket);
  std::size_t add(int descriptor);

  // Returns once an entry has something to read, or `timeout` has passed (nothing: never).
  void wait(std::optional<std::chrono::milliseconds> timeout);

  // Whether the entry had something to read when wait returned.
  bool is_readable(std::size_t index) const;

 private:
  struct entries;
  std::unique_ptr<entries> entries_;
};

// Returns the number in the 8 bytes of a frame, most significant first; nothing for another size.
std::optional<std::uint64_t> read_sequence_frame(std::string_view frame);

// Returns the frame of a number.
std::string sequence_frame(std::uint64_t number);

}  // namespace troupe::transport::zmq
