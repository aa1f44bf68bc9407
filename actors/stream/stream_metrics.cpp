#include "actors/stream/stream_metrics.hpp"

#include "runtime/metrics.hpp"

namespace troupe::actors {

namespace {

using counter_family = prometheus::Family<prometheus::Counter>;
using histogram_family = prometheus::Family<prometheus::Histogram>;

counter_family& counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

histogram_family& histograms(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

std::string_view to_string(outcome value) {
  switch (value) {
    case outcome::ok:
      return "ok";
    case outcome::client_error:
      return "client_error";
    case outcome::engine_error:
      return "engine_error";
    case outcome::no_engine:
      return "no_engine";
    case outcome::cancelled:
      return "cancelled";
  }
  return "unknown";
}

stream_metrics::stream_metrics(prometheus::Registry& registry)
    : requests_{counters(registry, "troupe_requests_total", "Requests answered, by outcome.")},
      prompt_tokens_{counters(registry, "troupe_prompt_tokens_total",
                              "Prompt tokens, as the engines report them.")},
      cached_tokens_{counters(registry, "troupe_cached_tokens_total",
                              "Prompt tokens the engines took from their KV cache.")},
      completion_tokens_{counters(registry, "troupe_completion_tokens_total",
                                  "Tokens generated, as the engines report them.")},
      ttft_{histograms(registry, "troupe_time_to_first_token_seconds",
                       "From the whole request to the first token of a streamed answer.")},
      inter_token_{histograms(registry, "troupe_inter_token_latency_seconds",
                              "Between two pieces of generated text of a streamed answer.")},
      end_to_end_{histograms(registry, "troupe_e2e_request_latency_seconds",
                             "From the whole request to the end of its answer.")},
      routing_{&histograms(registry, "troupe_routing_seconds",
                           "From the whole request to the lease of an engine.")
                    .Add({}, routing_buckets())},
      retries_{&counters(registry, "troupe_retries_total",
                         "Attempts repeated on another engine before the first byte.")
                    .Add({})},
      open_streams_{&gauge(registry, "troupe_open_streams", "Requests under way.")},
      connections_{&gauge(registry, "troupe_connections", "Client connections open.")},
      closed_{counters(registry, "troupe_connections_closed_total",
                       "Client connections closed for exceeding a limit, by limit.")},
      key_refusals_{counters(registry, "troupe_api_key_refusals_total",
                             "Requests refused because of their API key, by its name and reason.")},
      key_tokens_{counters(registry, "troupe_api_key_tokens_total",
                           "Tokens of prompts and answers, by the name of the API key.")} {}

prometheus::Counter& stream_metrics::key_refusals(std::string_view key, std::string_view reason) {
  return key_refusals_.Add({{"key", std::string{key}}, {"reason", std::string{reason}}});
}

prometheus::Counter& stream_metrics::key_tokens(std::string_view key) {
  return key_tokens_.Add({{"key", std::string{key}}});
}

prometheus::Counter& stream_metrics::closed(transport::http::closing why) {
  return closed_.Add({{"reason", std::string{to_string(why)}}});
}

const model_series& stream_metrics::of(const std::string& model) {
  std::lock_guard lock{mutex_};
  auto found = by_model_.find(model);
  if (found == by_model_.end()) {
    auto name = by_model_.size() < models_max ? model : std::string{"other"};
    found = by_model_.find(name);
    if (found == by_model_.end()) found = by_model_.emplace(name, make(name)).first;
  }
  return found->second;
}

model_series stream_metrics::make(const std::string& model) {
  model_series series{};
  for (std::size_t i = 0; i < std::size(series.requests); ++i) {
    auto label = std::string{to_string(static_cast<outcome>(i))};
    series.requests[i] = &requests_.Add({{"model", model}, {"outcome", label}});
  }
  prometheus::Labels labels{{"model", model}};
  series.prompt_tokens = &prompt_tokens_.Add(labels);
  series.cached_tokens = &cached_tokens_.Add(labels);
  series.completion_tokens = &completion_tokens_.Add(labels);
  series.time_to_first_token = &ttft_.Add(labels, ttft_buckets());
  series.inter_token = &inter_token_.Add(labels, inter_token_buckets());
  series.end_to_end = &end_to_end_.Add(labels, end_to_end_buckets());
  return series;
}

}  // namespace troupe::actors
