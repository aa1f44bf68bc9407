#include "apps/engine_files.hpp"

#include <filesystem>

#include "config/mistake.hpp"

namespace troupe::apps {

std::string missing_file(const config::engine_spec& engine) {
  if (engine.kind != config::engine_kind::embedded) return {};
  std::error_code status;
  if (!engine.model_time.empty() && !std::filesystem::is_regular_file(engine.model_time, status)) {
    return "there is no time profile " + config::quote(engine.model_time);
  }
  if (engine.model.empty()) {
    if (!engine.model_time.empty()) return {};
    return "the engine " + config::quote(engine.name) +
           " has no model; give --model PATH, or its key `model` in the file a value";
  }
  if (std::filesystem::is_regular_file(engine.model, status)) return {};
  return "there is no model file " + config::quote(engine.model) +
         "; give --model PATH (troupe make-tiny-model PATH makes a small one for trying)";
}

}  // namespace troupe::apps
