// What the streams of a node measure: Prometheus counters and histograms by model and outcome.
//
// Thread: any; prometheus-cpp synchronises. Each I/O thread caches the handles of a model, so that
// a request looks labels up once. Bounds: models_max label values; further ones are counted under
// "other".
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "transport/http/server.hpp"

namespace troupe::actors {

// How a request ended, as the label `outcome` spells it.
enum class outcome : std::uint8_t {
  ok,            // answered, with a finish reason where the engine gives one
  client_error,  // 4xx: refused here or by the engine
  engine_error,  // 5xx, or an error event in mid-stream
  no_engine,     // no engine of the model was up
  cancelled,     // the client left first
};

std::string_view to_string(outcome value);

// The series of one model.
struct model_series {
  prometheus::Counter* requests[5];  // by outcome
  prometheus::Counter* prompt_tokens;
  prometheus::Counter* cached_tokens;
  prometheus::Counter* completion_tokens;
  prometheus::Histogram* time_to_first_token;
  prometheus::Histogram* inter_token;
  prometheus::Histogram* end_to_end;
};

class stream_metrics {
 public:
  explicit stream_metrics(prometheus::Registry& registry);

  // Returns the series of a model, made at first use.
  const model_series& of(const std::string& model);

  prometheus::Histogram& routing_seconds() { return *routing_; }
  prometheus::Counter& retries() { return *retries_; }
  prometheus::Gauge& open_streams() { return *open_streams_; }
  prometheus::Gauge& connections() { return *connections_; }

  // Requests that a key was refused, and tokens that were used with it. The key of no name is one
  // nobody knows.
  prometheus::Counter& key_refusals(std::string_view key, std::string_view reason);
  prometheus::Counter& key_tokens(std::string_view key);

  // Connections closed before their client was done.
  prometheus::Counter& closed(transport::http::closing why);

 private:
  static constexpr std::size_t models_max = 256;
  model_series make(const std::string& model);

  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Counter>& prompt_tokens_;
  prometheus::Family<prometheus::Counter>& cached_tokens_;
  prometheus::Family<prometheus::Counter>& completion_tokens_;
  prometheus::Family<prometheus::Histogram>& ttft_;
  prometheus::Family<prometheus::Histogram>& inter_token_;
  prometheus::Family<prometheus::Histogram>& end_to_end_;
  prometheus::Histogram* routing_;
  prometheus::Counter* retries_;
  prometheus::Gauge* open_streams_;
  prometheus::Gauge* connections_;
  prometheus::Family<prometheus::Counter>& closed_;
  prometheus::Family<prometheus::Counter>& key_refusals_;
  prometheus::Family<prometheus::Counter>& key_tokens_;
  std::mutex mutex_;  // guards by_model_; taken once per model and thread, not per request
  std::map<std::string, model_series, std::less<>> by_model_;
};

}  // namespace troupe::actors
