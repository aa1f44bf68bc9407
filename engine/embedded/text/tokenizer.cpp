#include "engine/embedded/text/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/embedded/text/merge_table.hpp"
#include "engine/embedded/text/pair_encoder.hpp"
#include "engine/embedded/text/pre_tokenizer.hpp"
#include "engine/embedded/text/special_matcher.hpp"
#include "engine/embedded/text/utf8.hpp"
#include "engine/embedded/text/vocabulary.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

// Control tokens by which the published model families end a turn or a text.
constexpr std::array<std::string_view, 7> end_names{
    "<|im_end|>",    "<|eot_id|>",    "<|eom_id|>",     "<|end|>",
    "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>"};

// Reads an optional token id; -1 where the file does not name one.
caf::expected<token_id> read_id(const gguf_file& file, std::string_view key,
                                const vocabulary& tokens) {
  if (file.find(key) == nullptr) return token_id{-1};
  const auto id = file.get_uint(key);
  if (!id) return id.error();
  if (*id >= tokens.size()) {
    return make_failure(errc::malformed_file, "GGUF: key '" + std::string{key} + "' names token " +
                                                  std::to_string(*id) + " of " +
                                                  std::to_string(tokens.size()));
  }
  return static_cast<token_id>(*id);
}

}  // namespace

struct tokenizer::state {
  state(vocabulary t, merge_table m, pre_tokenizer p)
      : tokens{std::move(t)},
        merges{std::move(m)},
        splitter{std::move(p)},
        specials{tokens},
        whole(tokens.size()) {}

  vocabulary tokens;
  merge_table merges;
  pre_tokenizer splitter;
  special_matcher specials;
  std::vector<bool> whole;  // a word of exactly this token's bytes encodes as this one token
  std::vector<token_id> ends;
  token_id bos = -1, eos = -1;
  bool wants_bos = false;

  void find_whole_words();
  caf::error read_ends(const gguf_file& file);
  void encode_text(std::string_view text, std::vector<token_id>& out) const;
};

// Most words of real text are one token, yet not every token can be reached by merges from its
// bytes: which ones can is found once, so that encode needs only one look-up for them.
void tokenizer::state::find_whole_words() {
  pair_encoder encoder{tokens, merges};
  std::vector<token_id> out;
  for (token_id id = 0; tokens.contains(id); ++id) {
    if (tokens.find(tokens.bytes(id)) != id) continue;
    out.clear();
    if (!splitter.ignores_merges()) encoder.encode(tokens.bytes(id), out);
    whole[static_cast<std::size_t>(id)] =
        splitter.ignores_merges() || (out.size() == 1 && out[0] == id);
  }
}

caf::error tokenizer::state::read_ends(const gguf_file& file) {
  for (const auto* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                          "tokenizer.ggml.eom_token_id"}) {
    const auto id = read_id(file, key, tokens);
    if (!id) return id.error();
    if (*id >= 0) ends.push_back(*id);
  }
  for (token_id id = 0; tokens.contains(id); ++id) {
    if (tokens.kind(id) == token_kind::control &&
        std::ranges::find(end_names, tokens.bytes(id)) != end_names.end()) {
      ends.push_back(id);
    }
  }
  return caf::none;
}

void tokenizer::state::encode_text(std::string_view text, std::vector<token_id>& out) const {
  if (text.empty()) return;
  std::vector<std::string_view> words;
  words.reserve(text.size() / 4 + 1);
  splitter.split(text, words);
  pair_encoder encoder{tokens, merges};
  for (const auto word : words) {
    const auto id = tokens.find(word);
    if (id >= 0 && whole[static_cast<std::size_t>(id)]) {
      out.push_back(id);
    } else {
      encoder.encode(word, out);
    }
  }
}

caf::expected<std::unique_ptr<tokenizer>> tokenizer::load(const gguf_file& file) {
  const auto kind = file.get_string("tokenizer.ggml.model");
  if (!kind) return kind.error();
  if (*kind != "gpt2") {
    return make_failure(errc::unsupported, "tokenizer: model kind '" + kind->substr(0, 80) +
                                               "' (tokenizer.ggml.model) is not supported");
  }
  std::string name = "default";
  if (file.find("tokenizer.ggml.pre") != nullptr) {
    auto value = file.get_string("tokenizer.ggml.pre");
    if (!value) return value.error();
    name = std::move(*value);
  }
  auto splitter = pre_tokenizer::make(name);
  if (!splitter) return splitter.error();
  auto tokens = vocabulary::load(file);
  if (!tokens) return tokens.error();
  auto merges = merge_table::load(file, *tokens);
  if (!merges) return merges.error();
  auto s = std::make_unique<state>(std::move(*tokens), std::move(*merges), std::move(*splitter));
  const auto bos = read_id(file, "tokenizer.ggml.bos_token_id", s->tokens);
  if (!bos) return bos.error();
  const auto eos = read_id(file, "tokenizer.ggml.eos_token_id", s->tokens);
  if (!eos) return eos.error();
  s->bos = *bos;
  s->eos = *eos;
  s->wants_bos = s->splitter.adds_bos();
  if (const auto* wanted = file.find("tokenizer.ggml.add_bos_token")) {
    const auto* flag = std::get_if<bool>(wanted);
    if (flag == nullptr) {
      return make_failure(errc::malformed_file,
                          "GGUF: key 'tokenizer.ggml.add_bos_token' is no boolean");
    }
    s->wants_bos = *flag;
  }
  if (auto error = s->read_ends(file)) return error;
  s->find_whole_words();
  return std::unique_ptr<tokenizer>{new tokenizer{std::move(s)}};
}

tokenizer::tokenizer(std::unique_ptr<state> s) : state_{std::move(s)} {}

tokenizer::~tokenizer() = default;

std::vector<token_id> tokenizer::encode(std::string_view text, bool parse_special,
                                        bool add_bos) const {
  std::vector<token_id> out;
  out.reserve(text.size() / 3 + 2);
  if (add_bos && state_->wants_bos && state_->bos >= 0) out.push_back(state_->bos);
  while (parse_special) {
    const auto match = state_->specials.find(text);
    if (match.id < 0) break;
    state_->encode_text(text.substr(0, match.position), out);
    out.push_back(match.id);
    text.remove_prefix(match.position + match.bytes);
  }
  state_->encode_text(text, out);
  return out;
}

std::string_view tokenizer::bytes(token_id id, bool keep_special) const {
  if (!state_->tokens.contains(id)) return {};
  if (!keep_special && state_->tokens.is_mark(id)) return {};
  return state_->tokens.bytes(id);
}

std::string tokenizer::decode(const std::vector<token_id>& ids, bool skip_special) const {
  std::string raw;
  for (const auto id : ids) raw += bytes(id, !skip_special);
  return repair_utf8(raw);
}

std::size_t tokenizer::vocab_size() const {
  return state_->tokens.size();
}

token_id tokenizer::bos() const {
  return state_->bos;
}

token_id tokenizer::eos() const {
  return state_->eos;
}

bool tokenizer::is_end_of_turn(token_id id) const {
  return std::ranges::find(state_->ends, id) != state_->ends.end();
}

bool tokenizer::is_special(token_id id) const {
  return state_->tokens.contains(id) && state_->tokens.is_mark(id);
}

std::string_view tokenizer::piece(token_id id) const {
  return state_->tokens.contains(id) ? state_->tokens.piece(id) : std::string_view{};
}

}  // namespace troupe::engine
