// What drives the end of a simulated node as the main thread does that of a real one: the steps of
// apps/node_ending, what they wait for, and their time.
//
// Thread: one.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "apps/node_ending.hpp"

namespace troupe::simulation {

const char* word(apps::ending_step step);

class sim_ending {
 public:
  explicit sim_ending(std::function<void(apps::ending_step)> carry_out)
      : carry_out_{std::move(carry_out)} {}

  // The node gets a signal: its end begins, or the step under way is waited for no longer.
  void told_to_stop(std::chrono::milliseconds stop_timeout, time_point now);

  // Something has happened that a step may wait for; from within an actor too.
  void notify(apps::node_event what) { notices_.push_back(what); }

  // Goes on with what has come until now; true where that was anything.
  bool go_on(time_point now);

  // Returns when go_on() is to be called at the latest.
  time_point due() const { return is_under_way() ? order_->due() : time_point::max(); }
  bool is_under_way() const { return order_ && !order_->is_over(); }
  bool is_over() const { return order_ && order_->is_over(); }
  bool is_clean() const { return order_ && order_->is_clean(); }

 private:
  void carry_out(const apps::node_ending::steps& steps);

  std::function<void(apps::ending_step)> carry_out_;
  std::optional<apps::node_ending> order_;
  std::vector<apps::node_event> notices_;
};

}  // namespace troupe::simulation
