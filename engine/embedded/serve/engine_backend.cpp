#include "engine/embedded/serve/engine_backend.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/embedded/serve/block_pool.hpp"
#include "engine/embedded/serve/modelled_engine.hpp"

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

caf::expected<engine_backend> open_real(const engine_options& options) {
  auto opened = open_engine_model(options.model_path, options.served_model);
  if (!opened) return opened.error();
  const auto& shape = opened->weights->shape();
  const auto plan = plan_kv(options, shape);
  if (!plan) return plan.error();
  auto arena = kv_arena::make(shape.kv(block_tokens), plan->blocks);
  if (!arena) return arena.error();
  auto executor = std::make_unique<forward_executor>(*opened->weights, **arena, options.threads);
  return engine_backend{std::move(*opened), plan->blocks,       plan->context_tokens_max, {},
                        std::move(*arena),  std::move(executor)};
}

caf::expected<engine_backend> open_modelled(const engine_options& options) {
  auto opened = open_modelled_engine(options);
  if (!opened) return opened.error();
  auto executor = make_modelled_executor(*opened, std::make_unique<timed_wait>());
  return engine_backend{
      std::move(opened->text),         opened->kv_blocks, opened->context_tokens_max,
      std::move(opened->profile.name), nullptr,           std::move(executor)};
}

}  // namespace

caf::expected<engine_backend> open_engine_backend(const engine_options& options) {
  return options.model_time.empty() ? open_real(options) : open_modelled(options);
}

}  // namespace troupe::engine
