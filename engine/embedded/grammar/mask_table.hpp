// The states of one grammar that were met, their transitions and their token masks, each computed
// when first needed.
//
// A mask is a walk over the whole vocabulary. It passes few different states, but each of them many
// times, so transitions are remembered by byte and a step costs one look-up. Inside a string of any
// length most of the vocabulary is allowed at once: whole subtrees of plain text are not walked.
// The memory for that is bounded: past configs_max states the table starts anew (whoever holds a
// place keeps it and is entered again), and the least recently used masks go first. Answers never
// depend on what is remembered.
//
// Thread: one caller at a time; a place may be held by anyone.
// Bounds: configs_max states of about 1.2 kB between walks, walk_configs_max during one (past it
// the walk goes on without remembering), masks_max masks of vocabulary / 8 bytes.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/embedded/grammar/json_grammar.hpp"
#include "engine/embedded/grammar/token_vocabulary.hpp"

namespace troupe::engine {

using token_mask = std::vector<std::uint64_t>;  // bit i of word w: token 64 w + i

struct mask_bounds {
  std::size_t configs_max = 1024;
  std::size_t walk_configs_max = 4096;
  std::size_t masks_max = 256;
};

class mask_table {
 public:
  // A state with its number in the table, as long as the table is of that generation.
  struct place {
    json_grammar::state state;
    std::uint64_t generation = 0;
    std::uint32_t config = 0;
  };

  mask_table(const json_grammar& grammar, const token_vocabulary& vocabulary, mask_bounds bounds);

  // Returns the place before any text.
  place start();

  // Moves over a token's bytes; returns false, and leaves the place, where it does not fit.
  bool advance(place& at, std::string_view bytes);

  // Returns the tokens that may come next, end-of-turn tokens among them where the text may end.
  std::shared_ptr<const token_mask> mask(place& at);

  // Returns how many masks were computed, for figures.
  std::uint64_t walks() const { return walks_; }

 private:
  static constexpr std::uint32_t unknown = 0xFFFFFFFF;
  static constexpr std::uint32_t dead = 0xFFFFFFFE;

  struct config {
    json_grammar::state state;
    std::array<std::uint32_t, 256> next;
    bool was_looked_at = false, loops_on_plain = false;
    std::shared_ptr<const token_mask> mask;
    std::list<std::uint32_t>::iterator use;  // where there is a mask
  };

  void enter(place& at);
  std::uint32_t intern(const json_grammar::state& state);
  std::uint32_t step(std::uint32_t from, std::uint8_t byte) {
    const auto known = configs_[from]->next[byte];
    return known != unknown ? known : compute_step(from, byte);
  }
  std::uint32_t compute_step(std::uint32_t from, std::uint8_t byte);
  void find_loops(std::uint32_t index);
  bool walk(std::uint32_t from, token_mask& mask);
  void walk_unremembered(const json_grammar::state& from, token_mask& mask) const;
  void remember(std::uint32_t index, std::shared_ptr<const token_mask> mask);

  const json_grammar& grammar_;
  const token_vocabulary& vocabulary_;
  mask_bounds bounds_;
  std::uint64_t generation_ = 1;
  std::uint64_t walks_ = 0;
  std::vector<std::unique_ptr<config>> configs_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_hash_;
  std::list<std::uint32_t> uses_;         // configs with masks, last used first
  std::vector<std::uint32_t> walk_path_;  // state before each depth
};

}  // namespace troupe::engine
