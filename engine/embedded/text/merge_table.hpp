// BPE's merge rules: which two neighbouring tokens become which one, and how early.
//
// Thread: immutable after load.
// Errors: malformed_file names the merge.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/embedded/model/gguf_file.hpp"
#include "engine/embedded/text/vocabulary.hpp"

namespace troupe::engine {

constexpr std::uint32_t no_merge = 0xFFFFFFFF;

struct merge_rule {
  std::uint32_t rank = no_merge;  // lower comes first
  token_id result = -1;
};

class merge_table {
 public:
  // Reads tokenizer.ggml.merges, whose elements are "left right" as the vocabulary spells them.
  static caf::expected<merge_table> load(const gguf_file& file, const vocabulary& tokens);

  // Returns the rule of a pair; its rank is no_merge where there is none.
  merge_rule find(token_id left, token_id right) const {
    const auto key = key_of(left, right);
    for (auto slot = slot_of(key);; slot = (slot + 1) & mask_) {
      const auto& entry = entries_[slot];
      if (entry.key == key) return entry.rule;
      if (entry.key == empty_key) return {};
    }
  }

 private:
  static constexpr std::uint64_t empty_key = ~std::uint64_t{0};

  struct entry {
    std::uint64_t key = empty_key;
    merge_rule rule;
  };

  static std::uint64_t key_of(token_id left, token_id right) {
    return (std::uint64_t{static_cast<std::uint32_t>(left)} << 32U) |
           static_cast<std::uint32_t>(right);
  }
  std::size_t slot_of(std::uint64_t key) const {
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ULL) >> 32U) & mask_;
  }
  void insert(std::uint64_t key, merge_rule rule);

  std::vector<entry> entries_;  // open addressing, at most half full
  std::size_t mask_ = 0;
};

}  // namespace troupe::engine
