#include "engine/embedded/serve/engine_model.hpp"

#include <filesystem>
#include <utility>

namespace troupe::engine {

namespace {

caf::error in_file(const std::string& path, const caf::error& error) {
  return make_failure(failure_code(error, errc::malformed_file), path + ": " + failure_text(error));
}

}  // namespace

caf::expected<engine_model> open_engine_model(const std::string& path, std::string name) {
  engine_model opened;
  opened.name = name.empty() ? std::filesystem::path{path}.stem().string() : std::move(name);

  auto file = gguf_file::open(path);
  if (!file) return in_file(path, file.error());
  opened.file = std::move(*file);

  auto weights = model::load(*opened.file);
  if (!weights) return in_file(path, weights.error());
  opened.weights = std::move(*weights);

  auto text = tokenizer::load(*opened.file);
  if (!text) return in_file(path, text.error());
  opened.text = std::move(*text);
  if (opened.text->vocab_size() > opened.weights->shape().vocab) {
    return in_file(path, make_failure(errc::malformed_file,
                                      "the tokenizer has more tokens than the embedding has rows"));
  }
  if (opened.file->find("tokenizer.chat_template") != nullptr) {
    auto source = opened.file->get_string("tokenizer.chat_template");
    if (!source) return in_file(path, source.error());
    auto chat = chat_template::parse(*source);
    if (!chat) return in_file(path, chat.error());
    opened.chat = std::move(*chat);
  }
  for (std::size_t id = 0; id < opened.text->vocab_size(); ++id) {
    const auto token = static_cast<token_id>(id);
    if (opened.text->is_end_of_turn(token)) opened.end_tokens.push_back(token);
  }
  return opened;
}

}  // namespace troupe::engine
