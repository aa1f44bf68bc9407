// Asks an engine how it is: /health, its models and its load, one after the other.
//
// Thread: the I/O thread of the http::client it is given.
// Bounds: each answer at most answer_bytes_max; each step within step_timeout.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/engine_proxy/engine_gauges.hpp"
#include "runtime/errc.hpp"
#include "transport/http/client.hpp"

namespace troupe::actors {

// One entry of an engine's /v1/models, with its JSON as the engine gave it.
struct model_card {
  std::string id;
  std::string json;

  friend bool operator==(const model_card&, const model_card&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, model_card& x) {
  return f(caf::meta::type_name("model_card"), x.id, x.json);
}

struct probe_report {
  bool alive = false;
  errc failure = errc::connection_lost;  // why not, where it is not alive
  bool has_models = false;               // the engine listed its models
  std::vector<model_card> models;
  engine_gauges gauges;  // zeroes for an engine without vLLM's metrics
};

// Reads the body of /v1/models; false where it is none.
bool read_model_cards(std::string_view body, std::vector<model_card>& out);

class engine_prober {
 public:
  virtual ~engine_prober() = default;

  // Probes once and calls `done` once, not from inside this call. A probe under way is replaced.
  virtual void probe(const transport::http::endpoint& at,
                     std::function<void(const probe_report&)> done) = 0;
};

// The prober that talks HTTP. The client must outlive it.
std::unique_ptr<engine_prober> make_http_prober(transport::http::client& client,
                                                std::chrono::milliseconds step_timeout);

}  // namespace troupe::actors
