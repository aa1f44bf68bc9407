#include "engine/embedded/serve/engine_metrics.hpp"

#include <chrono>

#include "runtime/metrics.hpp"

namespace troupe::engine {

namespace {

using bounds = prometheus::Histogram::BucketBoundaries;

const bounds first_token_bounds{0.001, 0.005, 0.01, 0.02,  0.04,  0.06,  0.08, 0.1,
                                0.25,  0.5,   0.75, 1.0,   2.5,   5.0,   7.5,  10.0,
                                20.0,  40.0,  80.0, 160.0, 640.0, 2560.0};
const bounds inter_token_bounds{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,  0.3,  0.4, 0.5,
                                0.75, 1.0,   2.5,  5.0,   7.5, 10.0, 20.0, 40.0, 80.0};
const bounds request_bounds{0.3,  0.5,  0.8,  1.0,  1.5,   2.0,   2.5,   5.0,   10.0,   15.0,  20.0,
                            30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0};
const bounds step_bounds{1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};
const bounds choice_bounds{1, 2, 5, 10, 20};

// 1, 2, 5, 10, 20, 50, … up to the largest that does not exceed `most`.
bounds one_two_five(std::uint32_t most) {
  bounds list;
  for (double power = 1;; power *= 10) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      if (digit * power > most) return list;
      list.push_back(digit * power);
    }
  }
}

double seconds(time_point from, time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

// Raises a counter to a total kept elsewhere.
void raise(prometheus::Counter& counter, std::uint64_t total) {
  const auto more = static_cast<double>(total) - counter.Value();
  if (more > 0) counter.Increment(more);
}

}  // namespace

engine_metrics::engine_metrics(const metrics_config& config)
    : labels_{{"model_name", config.model_name}, {"engine", "0"}},
      token_bounds_{one_two_five(config.context_tokens_max)},
      running_{gauge("vllm:num_requests_running", "Requests in the running batch.")},
      waiting_{gauge("vllm:num_requests_waiting", "Requests waiting to run.")},
      kv_usage_{gauge("vllm:kv_cache_usage_perc", "Share of KV blocks in use; 1 is all.")},
      prefix_queries_{
          counter("vllm:prefix_cache_queries_total", "Tokens looked up in the prefix cache.")},
      prefix_hits_{counter("vllm:prefix_cache_hits_total", "Tokens found in the prefix cache.")},
      preemptions_{counter("vllm:num_preemptions_total", "Pre-emptions of running requests.")},
      prompt_tokens_{counter("vllm:prompt_tokens_total", "Prompt tokens prefilled.")},
      prompt_tokens_cached_{
          counter("vllm:prompt_tokens_cached_total", "Prompt tokens taken from the prefix cache.")},
      generation_tokens_{counter("vllm:generation_tokens_total", "Tokens generated.")},
      first_token_{histogram("vllm:time_to_first_token_seconds", "Arrival to first token.",
                             first_token_bounds)},
      inter_token_{
          histogram("vllm:inter_token_latency_seconds", "Between two tokens.", inter_token_bounds)},
      end_to_end_{
          histogram("vllm:e2e_request_latency_seconds", "Arrival to last token.", request_bounds)},
      queue_{histogram("vllm:request_queue_time_seconds", "Waiting before the first step.",
                       request_bounds)},
      prefill_{histogram("vllm:request_prefill_time_seconds", "First step to first token.",
                         request_bounds)},
      decode_{
          histogram("vllm:request_decode_time_seconds", "First to last token.", request_bounds)},
      inference_{histogram("vllm:request_inference_time_seconds", "First step to last token.",
                           request_bounds)},
      request_prompt_{
          histogram("vllm:request_prompt_tokens", "Prompt tokens of a request.", token_bounds_)},
      request_generation_{histogram("vllm:request_generation_tokens",
                                    "Generated tokens of a request.", token_bounds_)} {
  add_success_counters();
  add_histograms();
  add_labelled_counters();
  add_labelled_gauges();
  add_cache_info(config);
  if (!config.time_profile.empty()) add_modelled_info(config);
}

void engine_metrics::add_success_counters() {
  auto& family = prometheus::BuildCounter()
                     .Name("vllm:request_success_total")
                     .Help("Requests that ended, by reason.")
                     .Register(registry_);
  constexpr std::array reasons{"stop", "length", "abort"};
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    auto labels = labels_;
    labels["finished_reason"] = reasons[i];
    success_[i] = &family.Add(labels);
  }
}

void engine_metrics::add_histograms() {
  request_computed_ = &histogram("vllm:request_prefill_kv_computed_tokens",
                                 "Prompt tokens of a request that were not cached.", token_bounds_);
  token_mean_ = &histogram("vllm:request_time_per_output_token_seconds",
                           "Mean time between the tokens of a request.", inter_token_bounds);
  step_tokens_ = &histogram("vllm:iteration_tokens_total", "Tokens of a step.", step_bounds);
  asked_choices_ = &histogram("vllm:request_params_n", "Choices asked for.", choice_bounds);
  asked_tokens_ =
      &histogram("vllm:request_params_max_tokens", "Length of an answer asked for.", token_bounds_);
  longest_answer_ = &histogram("vllm:request_max_num_generation_tokens",
                               "Longest of a request's answers.", token_bounds_);
}

void engine_metrics::add_labelled_counters() {
  const auto add = [](auto& family, prometheus::Labels labels, const char* name,
                      const char* value) {
    labels[name] = value;
    return &family.Add(labels);
  };
  auto& prompts = prometheus::BuildCounter()
                      .Name("vllm:prompt_tokens_by_source_total")
                      .Help("Prompt tokens by where their KV came from.")
                      .Register(registry_);
  computed_ = add(prompts, labels_, "source", "local_compute");
  from_cache_ = add(prompts, labels_, "source", "local_cache_hit");
  auto& hits = prometheus::BuildCounter()
                   .Name("vllm:prompt_tokens_cached_by_source_total")
                   .Help("Tokens found in the prefix cache, by the memory that held them.")
                   .Register(registry_);
  from_device_ = add(hits, labels_, "source", "device");
  auto& rejections = prometheus::BuildCounter()
                         .Name("vllm:admission_rejections_total")
                         .Help("Requests refused because the queue was full.")
                         .Register(registry_);
  rejections_ =
      add(rejections, {{"model_name", labels_["model_name"]}}, "reason", "max_num_queued_reqs");
}

void engine_metrics::add_labelled_gauges() {
  const auto add = [this](auto& family, const char* name, const char* value) {
    auto labels = labels_;
    labels[name] = value;
    return &family.Add(labels);
  };
  auto& waiting = prometheus::BuildGauge()
                      .Name("vllm:num_requests_waiting_by_reason")
                      .Help("Requests waiting to run, by what they wait for.")
                      .Register(registry_);
  waiting_for_room_ = add(waiting, "reason", "capacity");
  add(waiting, "reason", "deferred")->Set(0);
  auto& sleep = prometheus::BuildGauge()
                    .Name("vllm:engine_sleep_state")
                    .Help("Whether the engine is awake, or asleep at level 1 or 2.")
                    .Register(registry_);
  awake_ = add(sleep, "sleep_state", "awake");
  asleep_ = add(sleep, "sleep_state", "weights_offloaded");
  add(sleep, "sleep_state", "discard_all")->Set(0);
}

void engine_metrics::add_cache_info(const metrics_config& config) {
  prometheus::BuildGauge()
      .Name("vllm:cache_config_info")
      .Help("Information on the KV cache.")
      .Register(registry_)
      .Add({{"engine", "0"},
            {"block_size", std::to_string(block_tokens)},
            {"num_gpu_blocks", std::to_string(config.kv_blocks)},
            {"enable_prefix_caching", "True"},
            {"prefix_caching_hash_algo", "xxh3_128"}})
      .Set(1);
}

void engine_metrics::add_modelled_info(const metrics_config& config) {
  auto labels = labels_;
  labels["profile"] = config.time_profile;
  prometheus::BuildGauge()
      .Name("troupe_engine_modelled_info")
      .Help("This engine computes nothing: its tokens are hashes, its times those of the profile.")
      .Register(registry_)
      .Add(labels)
      .Set(1);
}

prometheus::Counter& engine_metrics::counter(const char* name, const char* text) {
  return prometheus::BuildCounter().Name(name).Help(text).Register(registry_).Add(labels_);
}

prometheus::Gauge& engine_metrics::gauge(const char* name, const char* text) {
  return prometheus::BuildGauge().Name(name).Help(text).Register(registry_).Add(labels_);
}

prometheus::Histogram& engine_metrics::histogram(const char* name, const char* text,
                                                 const bounds& list) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(text).Register(registry_);
  return family.Add(labels_, list);
}

void engine_metrics::observe_token(const request_output& output) {
  generation_tokens_.Increment();
  const auto& timing = output.timing;
  if (output.generated == 1) {
    prompt_tokens_.Increment(output.prompt_tokens);
    prompt_tokens_cached_.Increment(output.cached_tokens);
    computed_->Increment(output.prompt_tokens - output.cached_tokens);
    from_cache_->Increment(output.cached_tokens);
    first_token_.Observe(seconds(timing.arrived, timing.first_token));
  } else {
    inter_token_.Observe(seconds(output.token_before, timing.last_token));
  }
}

void engine_metrics::observe_end(const request_output& last) {
  success_.at(static_cast<std::size_t>(last.finish.value()))->Increment();
  if (last.generated == 0) return;  // aborted before its first token: no times to tell
  const auto& timing = last.timing;
  end_to_end_.Observe(seconds(timing.arrived, timing.last_token));
  queue_.Observe(seconds(timing.arrived, timing.scheduled));
  prefill_.Observe(seconds(timing.scheduled, timing.first_token));
  decode_.Observe(seconds(timing.first_token, timing.last_token));
  inference_.Observe(seconds(timing.scheduled, timing.last_token));
  request_prompt_.Observe(last.prompt_tokens);
  request_generation_.Observe(last.generated);
  request_computed_->Observe(last.prompt_tokens - last.cached_tokens);
  const auto pauses = last.generated - 1;
  token_mean_->Observe(pauses == 0 ? 0 : seconds(timing.first_token, timing.last_token) / pauses);
}

void engine_metrics::observe_step(std::size_t tokens) {
  step_tokens_->Observe(static_cast<double>(tokens));
}

void engine_metrics::observe_request(const request_facts& request) {
  asked_choices_->Observe(request.choices);
  longest_answer_->Observe(static_cast<double>(request.longest));
  for (std::uint32_t i = 0; i < request.choices; ++i) asked_tokens_->Observe(request.max_tokens);
}

void engine_metrics::observe_rejection() {
  rejections_->Increment();
}

std::string engine_metrics::render(const scheduler_stats& stats) {
  running_.Set(static_cast<double>(stats.running));
  waiting_.Set(static_cast<double>(stats.waiting));
  waiting_for_room_->Set(static_cast<double>(stats.waiting));
  awake_->Set(stats.is_asleep ? 0 : 1);
  asleep_->Set(stats.is_asleep ? 1 : 0);
  kv_usage_.Set(stats.kv_usage);
  raise(prefix_queries_, stats.prefix.queried_tokens);
  raise(prefix_hits_, stats.prefix.hit_tokens);
  raise(*from_device_, stats.prefix.hit_tokens);
  raise(preemptions_, stats.preemptions);
  const process_metrics process;
  return render_metrics({&registry_, &process});
}

}  // namespace troupe::engine
