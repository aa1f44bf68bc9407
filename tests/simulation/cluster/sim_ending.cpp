#include "tests/simulation/cluster/sim_ending.hpp"

namespace troupe::simulation {

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
