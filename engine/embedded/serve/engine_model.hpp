// Everything that comes out of one model file: weights, tokenizer, chat template.
//
// Thread: immutable after open.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/embedded/grammar/tool_calls.hpp"
#include "engine/embedded/model/gguf_file.hpp"
#include "engine/embedded/model/model.hpp"
#include "engine/embedded/text/chat_template.hpp"
#include "engine/embedded/text/tokenizer.hpp"
#include "runtime/errc.hpp"

namespace troupe::engine {

struct engine_model {
  std::string name;
  std::string fingerprint;  // of the file
  std::unique_ptr<gguf_file> file;
  std::unique_ptr<model> weights;
  std::unique_ptr<tokenizer> text;
  std::unique_ptr<chat_template> chat;         // null: the file has none
  tool_syntax tools_as = tool_syntax::hermes;  // how the template has tools called
  std::vector<std::int32_t> end_tokens;
};

// Fills in what the API needs of a file: tokenizer, chat template, end tokens, fingerprint.
caf::error load_text(const gguf_file& file, engine_model& opened);

// Opens a file for its text side alone: file and weights stay null, and it need have no weights.
caf::expected<engine_model> open_engine_text(const std::string& path, std::string name);

// Opens a model file and checks all of it; the name defaults to the file's, without its suffix.
// Errors: those of the parts, with the file's path before them.
caf::expected<engine_model> open_engine_model(const std::string& path, std::string name);

}  // namespace troupe::engine
