// Turns the text of one answer into content and tool calls, as its tool_choice wants them.
//
// Whole answers tell `calls`, streams tell the pieces as they come. A call that goes wrong after
// its arguments began is no call: a whole answer shows its text as content, a stream cannot take it
// back. A forced call that is cut short by max_tokens keeps the arguments it has.
//
// Thread: one owner.
// Bounds: those of tool_call_parser.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/grammar/tool_call_parser.hpp"
#include "engine/embedded/grammar/tool_calls.hpp"

namespace troupe::engine {

// What a request says of its tools.
struct tool_rules {
  tool_choice choice;                        // none: text stays text
  tool_syntax syntax = tool_syntax::hermes;  // that the calls are written in
  bool parallel = true;                      // false: one call at most
};

// A piece of a call for a stream.
struct tool_delta {
  std::size_t index = 0;
  std::string id;         // with the first piece of a call
  std::string name;       // the same
  std::string arguments;  // goes behind those before
};

class tool_collector {
 public:
  struct pieces {
    std::string content;
    std::vector<tool_delta> deltas;
  };

  // A call's id is the prefix and the call's index.
  tool_collector(const tool_rules& rules, bool streams, std::string call_id_prefix);

  // Takes more text and returns what became certain.
  pieces push(std::string_view text);

  // Ends the text and returns what was held back.
  pieces finish();

  // All calls so far.
  const std::vector<tool_call>& calls() const { return calls_; }

  // Whether an answer that ends by itself here ends with "tool_calls"; one of a named function ends
  // with "stop", as OpenAI's and vLLM's do.
  bool ends_in_calls() const {
    return rules_.choice.kind != tool_choice_kind::named && !calls_.empty();
  }

 private:
  bool is_forced() const { return rules_.choice.kind != tool_choice_kind::automatic; }
  pieces take(std::vector<tool_piece> found);
  void take(tool_piece piece, pieces& out);
  void break_off(std::string text, pieces& out);

  tool_rules rules_;
  bool streams_;
  tool_call_parser parser_;
  std::vector<tool_call> calls_;
};

}  // namespace troupe::engine
