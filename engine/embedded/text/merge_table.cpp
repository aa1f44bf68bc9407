#include "engine/embedded/text/merge_table.hpp"

#include <bit>
#include <string>

#include "engine/embedded/text/byte_alphabet.hpp"

namespace troupe::engine {

namespace {

// The token a half of a merge names, -1 where there is none.
token_id find_piece(const vocabulary& tokens, std::string_view piece) {
  const auto bytes = byte_alphabet::instance().bytes(piece);
  return tokens.find(bytes ? std::string_view{*bytes} : piece);
}

}  // namespace

caf::expected<merge_table> merge_table::load(const gguf_file& file, const vocabulary& tokens) {
  const auto merges = file.get_strings("tokenizer.ggml.merges");
  if (!merges) return merges.error();
  merge_table out;
  out.entries_.resize(std::bit_ceil(merges->size() * 2 + 2));
  out.mask_ = out.entries_.size() - 1;
  for (std::uint32_t rank = 0; rank < merges->size(); ++rank) {
    const auto merge = (*merges)[rank];
    // The left half is not empty, so a merge of the space itself is not torn in two.
    const auto split = merge.find(' ', 1);
    const auto left =
        split == std::string_view::npos ? -1 : find_piece(tokens, merge.substr(0, split));
    const auto right = left < 0 ? -1 : find_piece(tokens, merge.substr(split + 1));
    if (left < 0 || right < 0) {
      return make_failure(errc::malformed_file, "GGUF: key 'tokenizer.ggml.merges': merge " +
                                                    std::to_string(rank) +
                                                    " does not name two tokens");
    }
    const auto joined = std::string{tokens.bytes(left)} + std::string{tokens.bytes(right)};
    const auto result = tokens.find(joined);
    if (result < 0) {
      return make_failure(errc::malformed_file, "GGUF: key 'tokenizer.ggml.merges': merge " +
                                                    std::to_string(rank) +
                                                    " makes no token of the vocabulary");
    }
    out.insert(key_of(left, right), {rank, result});
  }
  return out;
}

void merge_table::insert(std::uint64_t key, merge_rule rule) {
  auto slot = slot_of(key);
  while (entries_[slot].key != empty_key && entries_[slot].key != key) slot = (slot + 1) & mask_;
  // A pair listed twice keeps its earlier rank.
  if (entries_[slot].key == empty_key) entries_[slot] = {key, rule};
}

}  // namespace troupe::engine
