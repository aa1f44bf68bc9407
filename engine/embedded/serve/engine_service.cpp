#include "engine/embedded/serve/engine_service.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "engine/embedded/model/kv_arena.hpp"
#include "engine/embedded/serve/api_session.hpp"
#include "engine/embedded/serve/engine_model.hpp"
#include "engine/embedded/serve/step_executor.hpp"
#include "runtime/clock.hpp"

namespace troupe::engine {

namespace {

// How the KV memory is cut, and how long a sequence may become.
struct kv_plan {
  std::uint32_t blocks;
  std::uint32_t context_tokens_max;
};

caf::expected<kv_plan> plan_kv(const engine_options& options, const model_shape& shape) {
  const auto block_bytes = shape.kv(block_tokens).block_bytes();
  const auto blocks = std::min<std::uint64_t>(options.kv_bytes / block_bytes, UINT32_MAX);
  if (blocks == 0) {
    return make_failure(errc::invalid_config, "kv_bytes: " + std::to_string(options.kv_bytes) +
                                                  " holds not one KV block of " +
                                                  std::to_string(block_bytes) + " bytes");
  }
  if (options.context_tokens_max > shape.context_tokens_max) {
    return make_failure(errc::invalid_config,
                        "context_tokens_max: " + std::to_string(options.context_tokens_max) +
                            " exceeds the model's " + std::to_string(shape.context_tokens_max));
  }
  const auto held = blocks * block_tokens;
  if (options.context_tokens_max > held) {
    return make_failure(errc::invalid_config,
                        "context_tokens_max: " + std::to_string(options.context_tokens_max) +
                            " tokens do not fit kv_bytes, which holds " + std::to_string(held));
  }
  const auto wanted =
      options.context_tokens_max > 0 ? options.context_tokens_max : shape.context_tokens_max;
  return kv_plan{static_cast<std::uint32_t>(blocks),
                 static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, held))};
}

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
  state(boost::asio::io_context& context, const engine_options& options, engine_model opened,
        std::pair<kv_plan, std::unique_ptr<kv_arena>> kv)
      : address{options.host},
        port{options.port},
        files{std::move(opened)},
        plan{kv.first},
        arena{std::move(kv.second)},
        executor{*files.weights, *arena, options.threads},
        metrics{{files.name, plan.context_tokens_max, plan.blocks}},
        engine{context, core_config(options), executor, metrics},
        api{files.name,
            static_cast<std::int64_t>(unix_seconds()),
            plan.context_tokens_max,
            options.limits,
            files.text.get(),
            files.chat.get(),
            &engine,
            &metrics},
        server{context, options.http, [this](transport::http::connection& client) {
                 return std::make_shared<api_session>(api, client);
               }} {}

  scheduler_config core_config(const engine_options& options) const {
    return {options.limits, plan.blocks, plan.context_tokens_max, files.end_tokens,
            files.file->fingerprint()};
  }

  std::string address;
  std::uint16_t port;
  engine_model files;
  kv_plan plan;
  std::unique_ptr<kv_arena> arena;
  forward_executor executor;
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
  auto opened = open_engine_model(options.model_path, options.served_model);
  if (!opened) return opened.error();
  const auto& shape = opened->weights->shape();
  auto plan = plan_kv(options, shape);
  if (!plan) return plan.error();
  auto arena = kv_arena::make(shape.kv(block_tokens), plan->blocks);
  if (!arena) return arena.error();
  auto made = std::make_unique<state>(context, options, std::move(*opened),
                                      std::pair{*plan, std::move(*arena)});
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
  return state_->plan.context_tokens_max;
}

std::uint32_t engine_service::kv_blocks() const {
  return state_->plan.blocks;
}

const std::string& engine_service::model_name() const {
  return state_->files.name;
}

}  // namespace troupe::engine
