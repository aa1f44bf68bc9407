#include "tests/simulation/cluster/sim_ending.hpp"

namespace troupe::simulation {

const char* word(apps::ending_step step) {
  using apps::ending_step;
  switch (step) {
    case ending_step::hand_over:
      return "hands over";
    case ending_step::handover_late:
      return "waits no longer for successors";
    case ending_step::drain:
      return "drains";
    case ending_step::end_requests:
      return "ends requests";
    case ending_step::close_abruptly:
      return "closes connections";
    case ending_step::stop_actors:
      return "stops its actors";
    case ending_step::give_up_on_tree:
      return "waits no longer for its actors";
  }
  return "?";
}

void sim_ending::told_to_stop(std::chrono::milliseconds stop_timeout, time_point now) {
  if (order_) return notify(apps::node_event::stop_signal);
  order_.emplace(true, stop_timeout);
  carry_out(order_->begin(now));
}

bool sim_ending::go_on(time_point now) {
  if (!is_under_way()) return false;
  const auto notices = std::exchange(notices_, {});
  for (const auto what : notices) carry_out(order_->take(what, now));
  const bool is_late = is_under_way() && order_->due() <= now;
  if (is_late) carry_out(order_->expire(now));
  return is_late || !notices.empty();
}

void sim_ending::carry_out(const apps::node_ending::steps& steps) {
  for (const auto step : steps) carry_out_(step);
}

}  // namespace troupe::simulation
