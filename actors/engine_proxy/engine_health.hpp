// Decides whether an engine may be given requests, from probes and from what its streams report.
//
// Pure: time comes in as an argument. A refused connection is a verdict; a reset or a late answer
// is only evidence: the engine is held back (suspect) until the next probe decides.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "runtime/clock.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {

enum class health_state : std::uint8_t {
  starting,  // no address yet, or never answered a probe
  up,        // answers probes: may be given requests
  suspect,   // failed once: gets no new request until a probe passes
  down,      // refuses connections, or failed several probes
};

std::string_view to_string(health_state state);

struct health_options {
  std::chrono::milliseconds probe_interval{1'000};
  std::chrono::milliseconds retry_min{50};  // after a failure; doubled up to probe_interval
  std::uint32_t failures_max = 2;           // failed probes in a row that make a suspect down
};

class engine_health {
 public:
  explicit engine_health(health_options options) : options_{options} {}

  // The engine listens at a (new) address: probe it at once.
  void endpoint_known(time_point now);

  // The engine's process ended: nothing to probe until it has an address again.
  void endpoint_gone();

  void probe_passed(time_point now);
  void probe_failed(errc code, time_point now);

  // A stream could not reach the engine or lost it.
  void attempt_failed(errc code, time_point now);

  health_state state() const { return state_; }
  bool probes() const { return has_endpoint_; }
  time_point next_probe() const { return next_probe_; }

 private:
  void fail(errc code, time_point now);

  health_options options_;
  health_state state_ = health_state::starting;
  bool has_endpoint_ = false;
  bool ever_up_ = false;
  std::uint32_t failures_ = 0;
  std::chrono::milliseconds retry_{0};
  time_point next_probe_{};
};

}  // namespace troupe::actors
