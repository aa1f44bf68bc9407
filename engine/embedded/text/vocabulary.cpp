#include "engine/embedded/text/vocabulary.hpp"

#include <bit>

#include <xxhash.h>

#include "engine/embedded/text/byte_alphabet.hpp"

namespace troupe::engine {

namespace {

constexpr std::size_t tokens_max = 1U << 24U;
constexpr std::size_t text_bytes_max = 1U << 30U;

caf::error malformed(const std::string& text) {
  return make_failure(errc::malformed_file, "GGUF: key 'tokenizer.ggml." + text);
}

caf::expected<std::vector<token_kind>> read_kinds(const gguf_file& file, std::size_t count) {
  std::vector<token_kind> kinds(count, token_kind::normal);
  const auto* value = file.find("tokenizer.ggml.token_type");
  if (value == nullptr) return kinds;
  const auto* numbers = std::get_if<std::vector<std::int64_t>>(value);
  if (numbers == nullptr || numbers->size() != count) {
    return malformed("token_type' is no array of integers, one a token");
  }
  for (std::size_t i = 0; i < count; ++i) {
    if ((*numbers)[i] < 1 || (*numbers)[i] > 6) {
      return malformed("token_type' of token " + std::to_string(i) + " is not from 1 to 6");
    }
    kinds[i] = static_cast<token_kind>((*numbers)[i]);
  }
  return kinds;
}

// Marks and user-defined tokens are spelt as they are; so is a text token outside the alphabet.
std::string bytes_of(std::string_view piece, token_kind kind) {
  if (kind == token_kind::normal || kind == token_kind::unused || kind == token_kind::byte) {
    if (auto bytes = byte_alphabet::instance().bytes(piece)) return std::move(*bytes);
  }
  return std::string{piece};
}

}  // namespace

caf::expected<vocabulary> vocabulary::load(const gguf_file& file) {
  const auto pieces = file.get_strings("tokenizer.ggml.tokens");
  if (!pieces) return pieces.error();
  if (pieces->empty() || pieces->size() > tokens_max) {
    return malformed("tokens' has " + std::to_string(pieces->size()) + " elements");
  }
  auto kinds = read_kinds(file, pieces->size());
  if (!kinds) return kinds.error();
  vocabulary out;
  out.kinds_ = std::move(*kinds);
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    out.pieces_.add((*pieces)[i]);
    out.bytes_.add(bytes_of((*pieces)[i], out.kinds_[i]));
    if (out.pieces_.text.size() > text_bytes_max) return malformed("tokens' exceeds 1 GiB");
  }
  out.build_index();
  return out;
}

void vocabulary::build_index() {
  slots_.assign(std::bit_ceil(kinds_.size() * 2), -1);
  for (token_id id = 0; contains(id); ++id) {
    if (is_mark(id) || bytes(id).empty()) continue;
    auto slot = XXH3_64bits(bytes(id).data(), bytes(id).size()) & (slots_.size() - 1);
    // Of tokens with the same bytes the first one wins.
    while (slots_[slot] >= 0 && bytes(slots_[slot]) != bytes(id)) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    if (slots_[slot] < 0) slots_[slot] = id;
  }
  for (unsigned byte = 0; byte < byte_tokens_.size(); ++byte) {
    const char c = static_cast<char>(byte);
    byte_tokens_[byte] = find({&c, 1});
  }
}

token_id vocabulary::find(std::string_view text) const {
  auto slot = XXH3_64bits(text.data(), text.size()) & (slots_.size() - 1);
  while (slots_[slot] >= 0) {
    if (bytes(slots_[slot]) == text) return slots_[slot];
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return -1;
}

}  // namespace troupe::engine
