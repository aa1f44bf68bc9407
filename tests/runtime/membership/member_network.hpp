// A cluster of memberships in one thread: a network, its faults and a clock, all from one seed.
//
// Every node has a link to every other that carries heartbeats and, where nothing is cut, breaks at
// once when a node is killed. A fenced node starts again with a higher incarnation.
//
// What must hold after every step is checked at every step: broken() says what did not.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/membership/membership.hpp"

namespace troupe::testing {

struct network_faults {
  double loss = 0;         // of messages
  double duplication = 0;  // of messages
  std::chrono::microseconds delay_min{100};
  std::chrono::microseconds delay_max{500};  // messages overtake each other within it
};

class member_network {
 public:
  using duration = std::chrono::nanoseconds;

  struct settings {
    std::size_t nodes = 3;
    std::uint64_t seed = 1;
    membership_parts parts{};
    network_faults faults{};
    bool check_wire = true;  // sends every message as its bytes
    duration settle = std::chrono::seconds{3};
  };
  struct note {
    time_point at;
    std::size_t observer = 0;
    membership_event event;
  };

  // Starts all nodes and lets them find each other for a while.
  explicit member_network(settings s);
  member_network(const member_network&) = delete;
  member_network& operator=(const member_network&) = delete;

  void run(duration time);
  void faults(const network_faults& faults) { settings_.faults = faults; }
  void cut(std::size_t from, std::size_t to) { cuts_.insert({from, to}); }
  void cut_both(std::size_t a, std::size_t b);
  void isolate(std::size_t node);
  void heal() { cuts_.clear(); }
  void kill(std::size_t node);
  void restart(std::size_t node);
  void leave(std::size_t node) { take(node, nodes_[node].core->leave(now_)); }
  void announce_leave(std::size_t node) { take(node, nodes_[node].core->announce_leave(now_)); }
  void pause(std::size_t node);
  void resume(std::size_t node);

  // Sends all letters through a hand of the test's, which returns false to drop one.
  std::function<bool(std::size_t, const member_message&)> on_letter;

  // Hands a message to a node as if it had just come.
  void inject(std::size_t to, const member_message& message);

  // Tells whether all running nodes hold exactly each other to be there.
  bool agreed() const;

  time_point now() const { return now_; }
  std::size_t size() const { return nodes_.size(); }
  bool running(std::size_t node) const { return nodes_[node].core && !nodes_[node].paused; }
  membership& core(std::size_t node) { return *nodes_[node].core; }
  node_id id(std::size_t node) const { return nodes_[node].core->self().node.id; }
  std::uint64_t fences() const { return fences_; }
  const std::vector<note>& notes() const { return notes_; }
  std::size_t count(membership_event::kind what, const std::string& name) const;
  const std::string& broken() const { return broken_; }

 private:
  struct node {
    std::unique_ptr<membership> core;
    std::uint64_t incarnation = 0;
    bool paused = false;
    time_point tick_at = time_point::max();
    std::vector<std::function<void()>> backlog;  // what came while it was paused
    std::set<node_id> up;
    std::set<node_id> over;
    std::int64_t second = 0;  // of the letters counted
    std::size_t letters = 0;
  };
  struct event {
    time_point at;
    std::uint64_t order = 0;
    std::function<void()> happen;

    bool operator<(const event& other) const {
      return std::pair{other.at, other.order} < std::pair{at, order};
    }
  };

  void at(duration after, std::function<void()> happen);
  void deliver(std::size_t to, std::function<void()> happen);
  void start(std::size_t node);
  void beat(std::size_t node, std::uint64_t life);
  void tick(std::size_t node, time_point due);
  void take(std::size_t node, membership::actions actions);
  void carry(std::size_t from, const member_letter& letter);
  void count_letter(node& sender);
  void check(std::size_t observer, const membership_event& event);
  double chance() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }
  duration delay();

  settings settings_;
  std::mt19937_64 random_;
  std::vector<node> nodes_;
  std::priority_queue<event> events_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
  std::vector<note> notes_;
  std::string broken_;
  std::uint64_t order_ = 0;
  std::uint64_t fences_ = 0;
  time_point now_{std::chrono::seconds{1'000}};
};

}  // namespace troupe::testing
