// Byte-pair encoding of one word: bytes, then merges in order of rank, leftmost first.
//
// Thread: one owner; it holds scratch space that its words reuse.
// Units: O(n log n) in the word's bytes; short words take a scan without a heap.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/embedded/text/merge_table.hpp"
#include "engine/embedded/text/vocabulary.hpp"

namespace troupe::engine {

class pair_encoder {
 public:
  // Both must outlive the encoder.
  pair_encoder(const vocabulary& tokens, const merge_table& merges)
      : tokens_{tokens}, merges_{merges} {}

  // Appends the word's tokens. A byte that the vocabulary lacks is left out, as the reference
  // implementations do.
  void encode(std::string_view word, std::vector<token_id>& out);

 private:
  struct node {
    token_id id = -1;  // -1: swallowed by its left neighbour
    std::int32_t previous = -1, next = -1;
  };
  struct candidate {
    std::uint32_t rank;
    std::int32_t position;  // of the left node
    token_id left, right, result;

    // For a heap with the lowest rank, then the leftmost position, on top.
    bool operator<(const candidate& other) const {
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };

  void merge_short();
  void merge_long();
  void offer(std::int32_t position);
  void join(const candidate& best);

  const vocabulary& tokens_;
  const merge_table& merges_;
  std::vector<token_id> ids_;
  std::vector<merge_rule> rules_;  // of ids_[i] and ids_[i + 1]
  std::vector<node> nodes_;
  std::vector<candidate> heap_;
};

}  // namespace troupe::engine
