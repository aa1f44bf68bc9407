// The engine's Prometheus metrics, under vLLM's names, labels and buckets.
//
// Thread: the io thread.
// Source: vLLM 0.33, v1/metrics/loggers.py; counters carry "_total" in the text, as there.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "engine/embedded/serve/engine_core.hpp"

namespace troupe::engine {

struct metrics_config {
  std::string model_name;
  std::uint32_t context_tokens_max = 0;
  std::uint32_t kv_blocks = 0;
  std::string time_profile{};  // of a modelled engine; empty: a real one
};

class engine_metrics {
 public:
  explicit engine_metrics(const metrics_config& config);

  // Counts one token of a request.
  void observe_token(const request_output& output);

  // Counts the end of a request; `finish` says which, the rest is that of its last token.
  void observe_end(const request_output& last);

  // Renders everything, the state given included.
  std::string render(const scheduler_stats& stats);

 private:
  prometheus::Counter& counter(const char* name, const char* text);
  prometheus::Gauge& gauge(const char* name, const char* text);
  prometheus::Histogram& histogram(const char* name, const char* text,
                                   const prometheus::Histogram::BucketBoundaries& bounds);
  void add_success_counters();
  void add_cache_info(const metrics_config& config);
  void add_modelled_info(const metrics_config& config);

  prometheus::Registry registry_;
  prometheus::Labels labels_;
  prometheus::Histogram::BucketBoundaries token_bounds_;
  prometheus::Gauge &running_, &waiting_, &kv_usage_;
  prometheus::Counter &prefix_queries_, &prefix_hits_, &preemptions_;
  prometheus::Counter &prompt_tokens_, &prompt_tokens_cached_, &generation_tokens_;
  std::array<prometheus::Counter*, 3> success_{};  // by finish_reason
  prometheus::Histogram &first_token_, &inter_token_, &end_to_end_;
  prometheus::Histogram &queue_, &prefill_, &decode_, &inference_;
  prometheus::Histogram &request_prompt_, &request_generation_;
};

}  // namespace troupe::engine
