// A grammar of JSON texts that is walked byte by byte: does this text still lead somewhere?
//
// The walker is a set of pushdown stacks over a byte_automaton, because a schema may leave open for
// a while which alternative a text follows. Stacks are immutable linked frames that share their
// tails, so copying a state copies a few pointers, and trying a token on a copy is cheap.
//
// A state never leads into a dead end: from every state that advance() reached, some bytes complete
// the text. At the depth bound only what closes the text is still accepted.
//
// Thread: a grammar is immutable, states belong to whoever holds them.
// Bounds: frames_max frames a stack (about 80 levels of nesting), threads_max stacks a state (past
// it, the last alternatives of the schema are given up), schema bounds as in json_schema.
// Errors: invalid_request where no JSON text at all satisfies the schema.
#pragma once

#include <memory>
#include <vector>

#include "engine/embedded/grammar/byte_automaton.hpp"
#include "engine/embedded/grammar/json_schema.hpp"

namespace troupe::engine {

enum class white_space : std::uint8_t {
  bounded,  // what a model may write: never more than one break and its indentation
  any,      // what RFC 8259 allows
};

class json_grammar {
 public:
  static constexpr std::uint32_t frames_max = 256;
  static constexpr std::size_t threads_max = 256;

  // A place to come back to, or a count of repetitions; shared by all stacks above it.
  struct frame {
    byte_automaton::node_id node;
    std::uint32_t count;
    std::uint32_t depth;
    std::uint64_t hash;  // of the whole stack
    std::shared_ptr<const frame> below;
  };
  using stack = std::shared_ptr<const frame>;

  struct thread {
    byte_automaton::node_id node;
    stack frames;
  };

  // Where a text is. Equal states accept the same continuations.
  class state {
   public:
    std::uint64_t hash() const;
    bool operator==(const state& other) const;

   private:
    friend class json_grammar;
    std::vector<thread> threads_;
  };

  // Compiles a schema.
  static caf::expected<json_grammar> compile(const json_schema& schema,
                                             white_space spaces = white_space::bounded);

  // Returns the state of the empty text.
  const state& start() const { return start_; }

  // Moves over one byte; returns false, and leaves the state as it is, where no text goes on so.
  bool advance(state& s, std::uint8_t byte) const;

  // Returns whether the text is complete.
  bool may_end(const state& s) const;

  // Returns whether any byte can follow.
  bool may_continue(const state& s) const;

  // Returns the automaton's size, for bounds and figures.
  std::size_t node_count() const { return automaton_->size(); }

 private:
  class closure;

  std::shared_ptr<const byte_automaton> automaton_;
  state start_;
};

}  // namespace troupe::engine
