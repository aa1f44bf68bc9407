// What wakes a node's main thread: signals and notices from other threads, in one wait.
//
// Thread: notify() from any; the rest on the main thread. Made before any other thread starts,
// since it blocks SIGINT, SIGTERM and SIGHUP for all of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace troupe::apps {

enum class node_event : std::uint32_t {
  stop_signal = 1,       // SIGINT or SIGTERM
  reload_signal = 8,     // SIGHUP
  drained = 2,           // the last client connection is gone
  supervisor_ended = 4,  // all actors of the tree have ended
  handed_over = 16,      // other nodes run what was placed here, or nobody can
  engines_drained = 32,  // no other node has requests at engines of this one
};

class node_events {
 public:
  node_events();
  ~node_events();
  node_events(const node_events&) = delete;
  node_events& operator=(const node_events&) = delete;

  void notify(node_event what);

  // Waits for the next event; nothing where the time is over first. No limit: waits forever.
  std::optional<node_event> wait(std::optional<std::chrono::milliseconds> limit);

 private:
  std::optional<node_event> take();

  int signals_ = -1;  // signalfd
  int notices_ = -1;  // eventfd
  std::atomic<std::uint32_t> pending_{0};
};

}  // namespace troupe::apps
