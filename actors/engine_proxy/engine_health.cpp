#include "actors/engine_proxy/engine_health.hpp"

#include <algorithm>

namespace troupe::actors {

std::string_view to_string(health_state state) {
  switch (state) {
    case health_state::starting:
      return "starting";
    case health_state::up:
      return "up";
    case health_state::suspect:
      return "suspect";
    case health_state::down:
      return "down";
  }
  return "unknown";
}

void engine_health::endpoint_known(time_point now) {
  has_endpoint_ = true;
  ever_up_ = false;
  state_ = health_state::starting;
  failures_ = 0;
  retry_ = options_.retry_min;
  next_probe_ = now;
}

void engine_health::endpoint_gone() {
  has_endpoint_ = false;
  state_ = health_state::down;
}

void engine_health::probe_passed(time_point now) {
  if (!has_endpoint_) return;
  state_ = health_state::up;
  ever_up_ = true;
  failures_ = 0;
  retry_ = options_.retry_min;
  next_probe_ = now + options_.probe_interval;
}

void engine_health::probe_failed(errc code, time_point now) {
  fail(code, now);
}

void engine_health::attempt_failed(errc code, time_point now) {
  // Of an engine that is not up the streams know nothing new; its probes are already under way.
  if (state_ != health_state::up) return;
  fail(code, now);
  next_probe_ = now;
}

void engine_health::fail(errc code, time_point now) {
  if (!has_endpoint_) return;
  ++failures_;
  next_probe_ = now + retry_;
  retry_ = std::min(retry_ * 2, options_.probe_interval);
  if (!ever_up_) return;
  bool verdict = code == errc::connect_failed || failures_ >= options_.failures_max;
  if (verdict) {
    state_ = health_state::down;
  } else if (state_ == health_state::up) {
    state_ = health_state::suspect;
  }
}

}  // namespace troupe::actors
