#include "actors/router/router_metrics.hpp"

#include <cstdlib>

#include "runtime/metrics.hpp"

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
    : refusals_{counters(registry, "troupe_routing_refusals_total",
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
                   .Add({})},
      queued_requests_{
          gauges(registry, "troupe_queue_requests", "Requests that wait for an engine with room.")
              .Add({})},
      queued_bytes_{
          gauges(registry, "troupe_queue_bytes", "Bodies of the requests that wait.").Add({})},
      wait_{prometheus::BuildHistogram()
                .Name("troupe_queue_seconds")
                .Help("Time waited by the requests that had to, whatever became of them.")
                .Register(registry)
                .Add({}, ttft_buckets())} {
  auto& decisions = counters(registry, "troupe_routing_decisions_total",
                             "Requests given to an engine, by reason.");
  for (std::size_t i = 0; i < route_reasons; ++i) {
    decisions_[i] = &decisions.Add({{"reason", to_string(static_cast<route_reason>(i))}});
  }
}

void router_metrics::decided(const decision& choice) {
  decisions_[static_cast<std::size_t>(choice.reason)]->Increment();
}

void router_metrics::refused(errc reason) {
  auto& counter = refusals_by_code_[reason];
  if (counter == nullptr) counter = &refusals_.Add({{"reason", to_string(reason)}});
  counter->Increment();
}

void router_metrics::compared(const prediction& found) {
  predicted_tokens_.Increment(found.predicted_cached_tokens);
  actual_tokens_.Increment(found.actual_cached_tokens);
  error_tokens_.Increment(std::abs(static_cast<double>(found.predicted_cached_tokens) -
                                   static_cast<double>(found.actual_cached_tokens)));
}

void router_metrics::engine_is(const std::string& engine, bool up, std::uint32_t load) {
  auto& series = engines_[engine];
  if (series.up == nullptr) {
    series = {&engine_up_.Add({{"engine", engine}}), &engine_load_.Add({{"engine", engine}})};
  }
  series.up->Set(up ? 1 : 0);
  series.load->Set(load);
}

void router_metrics::engine_gone(const std::string& engine) {
  const auto found = engines_.find(engine);
  if (found == engines_.end()) return;
  engine_up_.Remove(found->second.up);
  engine_load_.Remove(found->second.load);
  engines_.erase(found);
}

void router_metrics::state_is(std::size_t leases, std::size_t index_blocks) {
  leases_.Set(static_cast<double>(leases));
  index_blocks_.Set(static_cast<double>(index_blocks));
}

void router_metrics::queue_is(std::size_t requests, std::size_t bytes) {
  queued_requests_.Set(static_cast<double>(requests));
  queued_bytes_.Set(static_cast<double>(bytes));
}

void router_metrics::waited(double seconds) {
  wait_.Observe(seconds);
}

void router_metrics::leases_expired(std::size_t count) {
  expired_.Increment(static_cast<double>(count));
}

}  // namespace troupe::actors
