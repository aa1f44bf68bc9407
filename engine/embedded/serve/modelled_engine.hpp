// What a modelled engine has in place of a model file: the text side, a profile, bounds.
//
// Thread: immutable once made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/embedded/serve/engine_model.hpp"
#include "engine/embedded/serve/engine_options.hpp"
#include "engine/embedded/serve/modelled_executor.hpp"

namespace troupe::engine {

struct modelled_engine {
  engine_model text;  // without weights
  time_profile profile;
  std::uint32_t kv_blocks = 0;
  std::uint32_t context_tokens_max = 0;
};

// Reads options.model_time, and the tokenizer and template of options.model_path; without a model,
// a built-in byte-level vocabulary and a plain chat template. It is called as options.served_model
// says, else as the model file or the profile. Errors: invalid_config names the field or option;
// those of the files.
caf::expected<modelled_engine> open_modelled_engine(const engine_options& options);

// Makes the executor that answers in its place.
std::unique_ptr<step_executor> make_modelled_executor(const modelled_engine& engine,
                                                      std::unique_ptr<step_wait> wait);

}  // namespace troupe::engine
