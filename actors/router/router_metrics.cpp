#include "actors/router/router_metrics.hpp"

#include <cstdlib>

namespace troupe::actors {

namespace {

auto& counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

auto& gauges(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

}  // namespace

router_metrics::router_metrics(prometheus::Registry& registry)
    : decisions_{counters(registry, "troupe_routing_decisions_total",
                          "Requests given to an engine, by reason.")},
      refusals_{counters(registry, "troupe_routing_refusals_total",
                         "Requests no engine could be found for, by reason.")},
      predicted_tokens_{counters(registry, "troupe_predicted_cached_tokens_total",
                                 "Cached prompt tokens the router expected, where the engine "
                                 "reported the actual number.")
                            .Add({})},
      actual_tokens_{counters(registry, "troupe_actual_cached_tokens_total",
                              "Cached prompt tokens the engines reported for these requests.")
                         .Add({})},
      error_tokens_{counters(registry, "troupe_prediction_error_tokens_total",
                             "Sum of the absolute differences of the two, request by request.")
                        .Add({})},
      engine_up_{gauges(registry, "troupe_engine_up", "1 where the engine takes requests.")},
      engine_load_{gauges(registry, "troupe_engine_load", "Requests running and waiting.")},
      leases_{gauges(registry, "troupe_leases", "Requests given out and not ended.").Add({})},
      index_blocks_{
          gauges(registry, "troupe_prefix_index_blocks", "Prompt chunks remembered.").Add({})},
      expired_{counters(registry, "troupe_leases_expired_total",
                        "Leases dropped because nobody ended them in time.")
                   .Add({})} {}

void router_metrics::decided(const decision& choice) {
  decisions_.Add({{"reason", to_string(choice.reason)}}).Increment();
}

void router_metrics::refused(const std::string& reason) {
  refusals_.Add({{"reason", reason}}).Increment();
}

void router_metrics::compared(const prediction& found) {
  predicted_tokens_.Increment(found.predicted_cached_tokens);
  actual_tokens_.Increment(found.actual_cached_tokens);
  error_tokens_.Increment(std::abs(static_cast<double>(found.predicted_cached_tokens) -
                                   static_cast<double>(found.actual_cached_tokens)));
}

void router_metrics::engine_is(const std::string& engine, bool up, std::uint32_t load) {
  engine_up_.Add({{"engine", engine}}).Set(up ? 1 : 0);
  engine_load_.Add({{"engine", engine}}).Set(load);
}

void router_metrics::state_is(std::size_t leases, std::size_t index_blocks) {
  leases_.Set(static_cast<double>(leases));
  index_blocks_.Set(static_cast<double>(index_blocks));
}

void router_metrics::leases_expired(std::size_t count) {
  expired_.Increment(static_cast<double>(count));
}

}  // namespace troupe::actors
