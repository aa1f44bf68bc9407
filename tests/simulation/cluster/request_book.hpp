// What became of every request of a simulated cluster, and what must hold of each.
//
// - It ends, once, and before its deadline; unless its own node is killed or stands still.
// - At most one attempt is under way, and all its tokens are of one attempt (C1).
// - Its client sees the positions 0 to n - 1 once each, in order, and n is what the engine counts
//   (C2).
// - What is asked of a router is answered within the time that a request may wait there (C4).
//
// Thread: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "runtime/clock.hpp"
#include "tests/simulation/cluster/sim_world.hpp"

namespace troupe::simulation {

// Names a request: the stream's number, unique in the cluster, and the request's of that stream.
struct request_key {
  std::uint64_t stream = 0;
  std::uint64_t number = 0;

  auto operator<=>(const request_key&) const = default;
};

std::string to_string(const request_key& key);

class request_book {
 public:
  struct bounds {
    std::chrono::milliseconds answer{0};  // until a request has ended
    std::chrono::milliseconds lease{0};   // until a router has answered
  };

  request_book(sim_world& world, bounds within) : world_{world}, within_{within} {}

  void began(const request_key& key);
  void attempt_began(const request_key& key, std::uint64_t exchange);
  void attempt_over(const request_key& key, std::uint64_t exchange);
  bool has_attempt(const request_key& key) const;

  // Its client got a token of an attempt.
  void token(const request_key& key, std::uint64_t exchange, std::uint64_t position);

  // Its client is told that there are so many.
  void counted(const request_key& key, std::uint64_t tokens);

  // The engine that was at it went with its node.
  void lost_with_node(const request_key& key);

  void ended(const request_key& key, const std::string& how);
  void broken(const request_key& key, const std::string& what);

  // Its node is gone, so nobody waits for it.
  void forgotten(std::uint64_t stream);

  // Its node stands still and may be late.
  void excused(std::uint64_t stream);

  // Looks whether a request has missed its deadline.
  void check();

  // Told of those that ended without an answer though their client stayed, and their node neither
  // died nor stood still.
  std::function<void(const request_key& key, const std::string& how, time_point began)> on_failure;

  std::uint64_t begun() const { return begun_; }
  std::uint64_t completed() const { return completed_; }
  std::uint64_t attempts_max() const { return attempts_max_; }  // of one request
  std::uint64_t lost_twice() const { return lost_twice_; }      // with a node each time
  std::size_t open() const { return open_.size(); }

  // Returns since when a request is open. REQUIRES: it is.
  time_point began_at(const request_key& key) const { return open_.at(key).began; }

  static constexpr const char* completed_word = "completed";
  static constexpr const char* left_word = "the client left";

 private:
  struct entry {
    time_point began;
    time_point deadline;
    time_point routed_since;     // while there is no attempt
    std::uint64_t exchange = 0;  // under way; 0: none
    std::uint64_t attempts = 0;
    std::uint64_t speaker = 0;  // the exchange of all tokens so far
    std::uint64_t tokens = 0;
    std::uint64_t losses = 0;  // with a node
    bool is_excused = false;
  };

  sim_world& world_;
  bounds within_;
  std::map<request_key, entry> open_;
  std::uint64_t begun_ = 0, completed_ = 0, attempts_max_ = 0, lost_twice_ = 0;
};

}  // namespace troupe::simulation
