#include "engine/embedded/serve/engine_model.hpp"

#include <filesystem>
#include <utility>

namespace troupe::engine {

namespace {

caf::error in_file(const std::string& path, const caf::error& error) {
  return make_failure(failure_code(error, errc::malformed_file), path + ": " + failure_text(error));
}

std::string name_of(const std::string& path, std::string given) {
  return given.empty() ? std::filesystem::path{path}.stem().string() : std::move(given);
}

}  // namespace

caf::error load_text(const gguf_file& file, engine_model& opened) {
  opened.fingerprint = file.fingerprint();
  auto text = tokenizer::load(file);
  if (!text) return text.error();
  opened.text = std::move(*text);
  if (file.find("tokenizer.chat_template") != nullptr) {
    auto source = file.get_string("tokenizer.chat_template");
    if (!source) return source.error();
    auto chat = chat_template::parse(*source);
    if (!chat) {
      return make_failure(failure_code(chat.error(), errc::malformed_file),
                          "GGUF: key 'tokenizer.chat_template': " + failure_text(chat.error()));
    }
    opened.chat = std::move(*chat);
    opened.tools_as = tool_syntax_of(*source);
  }
  for (std::size_t id = 0; id < opened.text->vocab_size(); ++id) {
    const auto token = static_cast<token_id>(id);
    if (opened.text->is_end_of_turn(token)) opened.end_tokens.push_back(token);
  }
  return caf::none;
}

caf::expected<engine_model> open_engine_text(const std::string& path, std::string name) {
  engine_model opened;
  opened.name = name_of(path, std::move(name));
  const auto file = gguf_file::open(path);
  if (!file) return in_file(path, file.error());
  if (auto error = load_text(**file, opened)) return in_file(path, error);
  return opened;
}

caf::expected<engine_model> open_engine_model(const std::string& path, std::string name) {
  engine_model opened;
  opened.name = name_of(path, std::move(name));

  auto file = gguf_file::open(path);
  if (!file) return in_file(path, file.error());
  opened.file = std::move(*file);

  auto weights = model::load(*opened.file);
  if (!weights) return in_file(path, weights.error());
  opened.weights = std::move(*weights);

  if (auto error = load_text(*opened.file, opened)) return in_file(path, error);
  if (opened.text->vocab_size() > opened.weights->shape().vocab) {
    return in_file(path,
                   make_failure(errc::malformed_file,
                                "GGUF: key 'tokenizer.ggml.tokens' has more elements than tensor "
                                "token_embd.weight has rows"));
  }
  return opened;
}

}  // namespace troupe::engine
