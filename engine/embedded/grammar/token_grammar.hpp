// The grammar of one request, as its sampler sees it: which tokens may come next.
//
// A program (schema compiled, vocabulary, table of masks) is shared by all requests of the same
// schema; a token_grammar is one request's place in it. The place depends only on the tokens
// accepted, so a request that goes on elsewhere feeds its output_prefix and stands where it stood.
//
// Thread: a program may be used by several threads (a mutex guards its table), a token_grammar by
// one at a time.
// Bounds: see mask_table.
#pragma once

#include <memory>
#include <mutex>
#include <span>

#include "engine/embedded/grammar/mask_table.hpp"

namespace troupe::engine {

class grammar_program {
 public:
  grammar_program(json_grammar grammar, std::shared_ptr<const token_vocabulary> vocabulary,
                  mask_bounds bounds = {})
      : grammar_{std::move(grammar)},
        vocabulary_{std::move(vocabulary)},
        table_{grammar_, *vocabulary_, bounds} {}

  grammar_program(const grammar_program&) = delete;
  grammar_program& operator=(const grammar_program&) = delete;

  const json_grammar& grammar() const { return grammar_; }
  const token_vocabulary& vocabulary() const { return *vocabulary_; }

 private:
  friend class token_grammar;

  const json_grammar grammar_;
  const std::shared_ptr<const token_vocabulary> vocabulary_;
  std::mutex mutex_;
  mask_table table_;
};

class token_grammar {
 public:
  explicit token_grammar(std::shared_ptr<grammar_program> program);

  // Moves over a token; returns false, and changes nothing, where it is not allowed.
  bool accept(std::int32_t token);

  // Returns the tokens that may come next, bit i of word w for token 64 w + i; valid until the next
  // call. None at all means that the vocabulary cannot spell what the grammar asks for.
  std::span<const std::uint64_t> allowed();

  // Returns whether a token may come next.
  bool allows(std::int32_t token);

  // Returns whether the text is complete as it is.
  bool may_end() const { return program_->grammar().may_end(at_.state); }

  // Returns whether the text is complete and nothing but an end-of-turn token can follow.
  bool must_end() const { return !program_->grammar().may_continue(at_.state); }

  // Returns whether an end-of-turn token was accepted; only further ones are allowed then.
  bool finished() const { return finished_; }

 private:
  std::shared_ptr<grammar_program> program_;
  mask_table::place at_;
  std::shared_ptr<const token_mask> mask_;  // of this place; null: not asked for yet
  bool finished_ = false;
};

}  // namespace troupe::engine
