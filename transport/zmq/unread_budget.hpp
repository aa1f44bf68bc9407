// Which connections have received too much since their last whole message.
//
// ZeroMQ bounds the bytes of a frame and the number of whole messages that wait, but not the frames
// of a message: it gathers them until the last has come, and tells nobody. So whoever never sends
// the last one could fill our memory. What a connection has received since a whole message of it
// came is at least what is gathered.
//
// Pure: what has come is an argument. Connections are numbers, which are used again.
// Bounds: `bounds`, and what comes between two calls of measure(). A frame of 2 bytes costs
// ZeroMQ 64: memory may be 32 times as much.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

namespace troupe::transport::zmq {

class unread_budget {
 public:
  struct bounds {
    std::uint64_t connection_bytes_max = 0;
    std::uint64_t total_bytes_max = 0;  // past it those that have more than the mean are over
  };

  // Returns the bytes that ever came over a connection; nothing where it is gone.
  using counter = std::function<std::optional<std::uint64_t>(int connection)>;

  explicit unread_budget(const bounds& of) : bounds_{of} {}

  void opened(int connection);
  void closed(int connection) { connections_.erase(connection); }

  // A whole message came over it. It may be told before `opened` is.
  void delivered(int connection);

  // Takes what has come, and suspects those that have too much.
  void measure(const counter& came);

  bool has_suspects() const { return suspects_ != 0; }

  // Returns those of which nothing has come since they were suspected, though all whole messages
  // were read, or as many as there are connections: they take turns. They are forgotten.
  std::vector<int> judge(bool all_were_read);

  std::size_t size() const { return connections_.size(); }

 private:
  struct connection {
    std::uint64_t base = 0;  // bytes that had come when a whole message had
    std::uint64_t unread = 0;
    bool has_delivered = false;  // since it was measured
    bool is_opened = false;
    std::optional<std::uint64_t> suspected_at{};  // messages of all by then
  };

  std::uint64_t bound() const;

  const bounds bounds_;
  std::unordered_map<int, connection> connections_;
  std::uint64_t messages_ = 0;
  std::size_t suspects_ = 0;
};

}  // namespace troupe::transport::zmq
