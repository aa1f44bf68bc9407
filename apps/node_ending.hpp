// The order in which a node ends: it hands over, drains, ends its actors, and only then is gone.
//
// A step is over when what it waits for has come, when its time is up, or at another signal to
// stop. Where the tree ends by itself the step under way waits for nothing more.
//
// Pure. Bounds: the stop timeout for each of the first two steps, 30 s for the actors.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "apps/node_events.hpp"
#include "runtime/clock.hpp"

namespace troupe::apps {

// What is to be done now.
enum class ending_step : std::uint8_t {
  hand_over,        // the others are to start what is placed here; everything serves on
  handover_late,    // says that nobody waits for them any longer
  drain,            // no new connections, and engines take nothing new
  end_requests,     // those under way end with an error
  close_abruptly,   // connections that are still open
  stop_actors,      // the tree, whose last one says farewell
  give_up_on_tree,  // says farewell in its stead: it has not ended in time
};

class node_ending {
 public:
  using steps = std::vector<ending_step>;

  // A node of no cluster has nobody to hand over to.
  node_ending(bool in_cluster, std::chrono::milliseconds stop_timeout)
      : in_cluster_{in_cluster}, stop_timeout_{stop_timeout} {}

  // The node was told to stop.
  steps begin(time_point now);

  // Something has happened; calls to reload are passed over. REQUIRES: begin().
  steps take(node_event what, time_point now);

  // The time that due() returned has come.
  steps expire(time_point now) { return go_on(false, now); }

  // Returns when the step under way has lasted too long.
  time_point due() const { return due_; }

  // True after the last step.
  bool is_over() const { return phase_ == phase::over; }

  // True where the tree has ended, so that nothing of it has to be ended by force.
  bool is_clean() const { return is_clean_; }

 private:
  enum class phase { handing_over, draining, last_words, stopping, over };

  std::uint32_t awaited() const;
  bool has_all() const { return (seen_ & awaited()) == awaited(); }
  steps go_on(bool done, time_point now);
  steps next(bool done, time_point now);
  void enter(phase which, std::chrono::milliseconds limit, time_point now);

  bool in_cluster_;
  std::chrono::milliseconds stop_timeout_;
  phase phase_ = phase::handing_over;
  time_point due_{};
  std::uint32_t seen_ = 0;  // events
  bool is_clean_ = false;
};

}  // namespace troupe::apps
