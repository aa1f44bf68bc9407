// What the API serves: a model's text side and the executor that answers, real or modelled.
//
// Thread: immutable once opened, but for the executor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/embedded/model/kv_arena.hpp"
#include "engine/embedded/serve/engine_model.hpp"
#include "engine/embedded/serve/engine_options.hpp"
#include "engine/embedded/serve/step_executor.hpp"

namespace troupe::engine {

struct engine_backend {
  engine_model files;
  std::uint32_t kv_blocks = 0;
  std::uint32_t context_tokens_max = 0;
  std::string time_profile;         // of a modelled engine; empty: a real one
  std::unique_ptr<kv_arena> arena;  // null: modelled
  std::unique_ptr<step_executor> executor;
};

// Opens the model, or the time profile in its place, and takes the memory. Errors: invalid_config
// (names the option), and those of the files.
caf::expected<engine_backend> open_engine_backend(const engine_options& options);

}  // namespace troupe::engine
