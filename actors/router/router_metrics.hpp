// What the router measures of its own decisions.
//
// Thread: the router actor's; reading by the metrics page is synchronised by prometheus-cpp.
#pragma once

#include <string>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "actors/router/routing_types.hpp"

namespace troupe::actors {

class router_metrics {
 public:
  explicit router_metrics(prometheus::Registry& registry);

  void decided(const decision& choice);
  void refused(const std::string& reason);

  // Predicted against actual cached tokens: the index's proof of itself.
  void compared(const prediction& found);

  void engine_is(const std::string& engine, bool up, std::uint32_t load);
  void state_is(std::size_t leases, std::size_t index_blocks);
  void leases_expired(std::size_t count);

 private:
  prometheus::Family<prometheus::Counter>& decisions_;
  prometheus::Family<prometheus::Counter>& refusals_;
  prometheus::Counter& predicted_tokens_;
  prometheus::Counter& actual_tokens_;
  prometheus::Counter& error_tokens_;
  prometheus::Family<prometheus::Gauge>& engine_up_;
  prometheus::Family<prometheus::Gauge>& engine_load_;
  prometheus::Gauge& leases_;
  prometheus::Gauge& index_blocks_;
  prometheus::Counter& expired_;
};

}  // namespace troupe::actors
