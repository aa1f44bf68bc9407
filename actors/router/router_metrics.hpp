// What the router measures of its own decisions.
//
// Thread: the router actor's; reading by the metrics page is synchronised by prometheus-cpp.
#pragma once

#include <array>
#include <map>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "actors/router/routing_types.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {

class router_metrics {
 public:
  explicit router_metrics(prometheus::Registry& registry);

  void decided(const decision& choice);
  void refused(errc reason);

  // Predicted against actual cached tokens: the index's proof of itself.
  void compared(const prediction& found);

  void engine_is(const std::string& engine, bool up, std::uint32_t load);

  // Drops the series of an engine that is no more.
  void engine_gone(const std::string& engine);
  void state_is(std::size_t leases, std::size_t index_blocks);
  void leases_expired(std::size_t count);

  // What waits in the router now, and how long one that waits no more has waited.
  void queue_is(std::size_t requests, std::size_t bytes);
  void waited(double seconds);

 private:
  struct engine_series {
    prometheus::Gauge* up = nullptr;
    prometheus::Gauge* load = nullptr;
  };

  // A look-up by label walks and hashes a map: the counters of each request are kept at hand.
  std::array<prometheus::Counter*, route_reasons> decisions_{};
  prometheus::Family<prometheus::Counter>& refusals_;
  std::map<errc, prometheus::Counter*> refusals_by_code_;
  prometheus::Counter& predicted_tokens_;
  prometheus::Counter& actual_tokens_;
  prometheus::Counter& error_tokens_;
  prometheus::Family<prometheus::Gauge>& engine_up_;
  prometheus::Family<prometheus::Gauge>& engine_load_;
  std::map<std::string, engine_series> engines_;
  prometheus::Gauge& leases_;
  prometheus::Gauge& index_blocks_;
  prometheus::Counter& expired_;
  prometheus::Gauge& queued_requests_;
  prometheus::Gauge& queued_bytes_;
  prometheus::Histogram& wait_;
};

}  // namespace troupe::actors
