// What the stream actors of one I/O thread share.
//
// Thread: confined to that I/O thread, but for the metrics, which synchronise themselves.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "actors/messages.hpp"
#include "actors/router/prompt_reader.hpp"
#include "actors/stream/api_keys.hpp"
#include "actors/stream/stream_metrics.hpp"
#include "config/topology.hpp"
#include "runtime/registry.hpp"
#include "transport/http/client.hpp"

namespace troupe::actors {

class stream;

struct stream_context {
  // Starts a request to an engine, as transport::http::client::start does.
  std::function<std::shared_ptr<transport::http::exchange>(
      const transport::http::endpoint&, const transport::http::request&,
      std::shared_ptr<const std::string>, transport::http::exchange_handler&)>
      ask_engine;
  const config::node_spec& spec;
  registry& names;
  stream_metrics& metrics;
  prompt_reader reader;
  cached_handle<router_actor> router;
  std::function<std::string()> metrics_page;
  std::function<std::string_view()> ending;  // what a node that ends is doing; empty: it does not
  std::set<stream*> streams{};               // alive on this thread
  api_keys* keys = nullptr;                  // who may come; none: everybody
  std::uint64_t requests = 0;                // numbers requests; unique with the thread's index
  std::map<std::string, const model_series*, std::less<>> series{};

  // Returns the series of a model, looked up once per thread.
  const model_series& series_of(const std::string& model) {
    auto& slot = series[model];
    if (slot == nullptr) slot = &metrics.of(model);
    return *slot;
  }
};

}  // namespace troupe::actors
