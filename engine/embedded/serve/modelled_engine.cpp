#include "engine/embedded/serve/modelled_engine.hpp"

#include <algorithm>
#include <utility>

#include "engine/embedded/model/tiny_model.hpp"
#include "engine/embedded/serve/block_pool.hpp"

namespace troupe::engine {

namespace {

// The vocabulary is the tiny model's; its weights are as few as there can be, and never used.
caf::expected<engine_model> built_in_text(const std::string& name) {
  tiny_model_options smallest;
  smallest.layers = 1;
  smallest.hidden = 32;
  smallest.heads = 1;
  smallest.kv_heads = 1;
  smallest.ffn = 32;
  const auto bytes = make_tiny_model_bytes(smallest);
  if (!bytes) return bytes.error();
  const auto file = gguf_file::parse(bytes->data(), bytes->size());
  if (!file) return file.error();
  engine_model opened;
  opened.name = name;
  if (auto error = load_text(**file, opened)) return error;
  return opened;
}

caf::expected<engine_model> open_text(const engine_options& options, const std::string& profile) {
  const auto& name = options.served_model;
  if (options.model_path.empty()) return built_in_text(name.empty() ? profile : name);
  return open_engine_text(options.model_path, name);
}

// Whether a token may be part of an answer: printable, so that any cut of a text is whole.
bool is_plain_text(std::string_view bytes) {
  return !bytes.empty() && std::ranges::all_of(bytes, [](char c) { return c >= ' ' && c <= '~'; });
}

modelled_tokens tokens_of(const engine_model& text) {
  modelled_tokens tokens;
  tokens.speakable.resize(text.text->vocab_size());
  for (std::size_t id = 0; id < tokens.speakable.size(); ++id) {
    const auto token = static_cast<token_id>(id);
    tokens.speakable[id] = !text.text->is_special(token) && is_plain_text(text.text->bytes(token));
  }
  if (!text.end_tokens.empty()) tokens.end = text.end_tokens.front();
  return tokens;
}

caf::error too_long(const engine_options& options, const std::string& held) {
  return make_failure(
      errc::invalid_config,
      "context_tokens_max: " + std::to_string(options.context_tokens_max) + " exceeds " + held);
}

}  // namespace

caf::expected<modelled_engine> open_modelled_engine(const engine_options& options) {
  auto profile = read_time_profile(options.model_time);
  if (!profile) return profile.error();
  const auto kv_tokens = options.kv_tokens > 0 ? options.kv_tokens : profile->kv_tokens;
  const auto blocks = std::min<std::uint64_t>(kv_tokens / block_tokens, UINT32_MAX);
  if (blocks == 0) {
    return make_failure(errc::invalid_config, "kv_tokens: " + std::to_string(kv_tokens) +
                                                  " holds not one KV block of " +
                                                  std::to_string(block_tokens) + " tokens");
  }
  const auto held = blocks * block_tokens;
  if (options.context_tokens_max > held) {
    return too_long(options, "kv_tokens, which holds " + std::to_string(held));
  }
  if (options.context_tokens_max > profile->context_tokens) {
    return too_long(options, "the profile's " + std::to_string(profile->context_tokens));
  }
  auto text = open_text(options, profile->name);
  if (!text) return text.error();
  const auto wanted =
      options.context_tokens_max > 0 ? options.context_tokens_max : profile->context_tokens;
  return modelled_engine{std::move(*text), std::move(*profile), static_cast<std::uint32_t>(blocks),
                         static_cast<std::uint32_t>(std::min(wanted, held))};
}

std::unique_ptr<step_executor> make_modelled_executor(const modelled_engine& engine,
                                                      std::unique_ptr<step_wait> wait) {
  return std::make_unique<modelled_executor>(engine.profile, engine.kv_blocks,
                                             tokens_of(engine.text), std::move(wait));
}

}  // namespace troupe::engine
