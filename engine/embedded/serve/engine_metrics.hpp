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

  // Counts a step that computed so many tokens, those it generated included.
  void observe_step(std::size_t tokens);

  // What one prompt of a request was to bring, and the longest answer it got.
  struct request_facts {
    std::uint32_t choices = 1;
    std::uint32_t max_tokens = 0;
    std::uint64_t longest = 0;
  };

  // Counts a prompt whose answers are whole.
  void observe_request(const request_facts& request);

  // Counts a request refused because the queue is full.
  void observe_rejection();

  // Renders everything, the state given included.
  std::string render(const scheduler_stats& stats);

 private:
  prometheus::Counter& counter(const char* name, const char* text);
  prometheus::Gauge& gauge(const char* name, const char* text);
  prometheus::Histogram& histogram(const char* name, const char* text,
                                   const prometheus::Histogram::BucketBoundaries& bounds);
  void add_success_counters();
  void add_histograms();
  void add_labelled_counters();
  void add_labelled_gauges();
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
  // Set by add_histograms, add_labelled_counters and add_labelled_gauges.
  prometheus::Histogram *request_computed_ = nullptr, *token_mean_ = nullptr;
  prometheus::Histogram *step_tokens_ = nullptr, *asked_choices_ = nullptr;
  prometheus::Histogram *asked_tokens_ = nullptr, *longest_answer_ = nullptr;
  prometheus::Counter *computed_ = nullptr, *from_cache_ = nullptr, *from_device_ = nullptr;
  prometheus::Counter* rejections_ = nullptr;
  prometheus::Gauge *waiting_for_room_ = nullptr, *awake_ = nullptr, *asleep_ = nullptr;
};

}  // namespace troupe::engine
