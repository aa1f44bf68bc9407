#include "engine/embedded/serve/engine_service.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "engine/embedded/events/kv_event_feed.hpp"
#include "engine/embedded/serve/api_session.hpp"
#include "engine/embedded/serve/block_pool.hpp"
#include "engine/embedded/serve/engine_backend.hpp"
#include "runtime/clock.hpp"

namespace troupe::engine {

namespace {

caf::error check_limits(const engine_options& options) {
  const auto& limits = options.limits;
  if (options.threads == 0) return make_failure(errc::invalid_config, "threads: must be over 0");
  if (limits.step_tokens_max == 0 || limits.running_requests_max == 0 ||
      limits.queued_requests_max == 0) {
    return make_failure(errc::invalid_config,
                        "step_tokens_max, running_requests_max and queued_requests_max must be "
                        "over 0");
  }
  return {};
}

}  // namespace

struct engine_service::state {
  state(boost::asio::io_context& context, const engine_options& options, engine_backend opened,
        std::unique_ptr<kv_event_feed> opened_feed)
      : address{options.host},
        port{options.port},
        backend{std::move(opened)},
        feed{std::move(opened_feed)},
        grammars{std::make_shared<token_vocabulary>(token_vocabulary::of(*backend.files.text))},
        metrics{{backend.files.name, backend.context_tokens_max, backend.kv_blocks,
                 backend.time_profile}},
        engine{context, core_config(options), *backend.executor, metrics},
        api{backend.files.name,
            static_cast<std::int64_t>(unix_seconds()),
            backend.context_tokens_max,
            options.limits,
            backend.files.text.get(),
            backend.files.chat.get(),
            backend.files.tools_as,
            &grammars,
            &engine,
            &answers,
            &metrics,
            backend.time_profile,
            kv_event_sources_body(feed ? &feed->resolved() : nullptr)},
        server{context, options.http, [this](transport::http::connection& client) {
                 return std::make_shared<api_session>(api, client);
               }} {}

  scheduler_config core_config(const engine_options& options) const {
    return {
        options.limits,           backend.kv_blocks,         backend.context_tokens_max,
        backend.files.end_tokens, backend.files.fingerprint, feed ? &feed->observer() : nullptr};
  }

  std::string address;
  std::uint16_t port;
  engine_backend backend;
  std::unique_ptr<kv_event_feed> feed;  // null: nobody listens
  grammar_cache grammars;
  open_answers answers;
  engine_metrics metrics;
  engine_client engine;
  api_context api;
  transport::http::server server;
};

engine_service::engine_service(std::unique_ptr<state> s) : state_{std::move(s)} {}

engine_service::~engine_service() = default;

caf::expected<std::unique_ptr<engine_service>> engine_service::make(
    boost::asio::io_context& context, const engine_options& options) {
  if (auto fault = check_limits(options)) return fault;
  auto feed = kv_event_feed::make(options.kv_events, block_tokens);
  if (!feed) return feed.error();
  auto opened = open_engine_backend(options);
  if (!opened) return opened.error();
  auto made = std::make_unique<state>(context, options, std::move(*opened), std::move(*feed));
  return std::unique_ptr<engine_service>{new engine_service{std::move(made)}};
}

caf::expected<std::uint16_t> engine_service::listen() {
  return state_->server.listen(state_->address, state_->port, false);
}

void engine_service::drain(std::function<void()> drained) {
  state_->server.stop();
  state_->server.on_drained(std::move(drained));
}

std::size_t engine_service::in_flight() const {
  return state_->engine.in_flight();
}

void engine_service::abort() {
  state_->server.abort();
}

std::uint32_t engine_service::context_tokens_max() const {
  return state_->backend.context_tokens_max;
}

std::uint32_t engine_service::kv_blocks() const {
  return state_->backend.kv_blocks;
}

const std::string& engine_service::model_name() const {
  return state_->backend.files.name;
}

}  // namespace troupe::engine
