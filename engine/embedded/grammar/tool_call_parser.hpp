// Finds tool calls in generated text while it is generated.
//
// The text is read byte by byte, so what comes out does not depend on how it was cut. A call starts
// once its name and the opening brace of its arguments are known; the arguments then follow as they
// come, checked against JSON's grammar. What turns out to be no call before it has started comes
// back as content, unchanged. One that goes wrong later cannot be taken back from a stream: it is
// `broken`, with its whole text, and parse_tool_calls, which sees everything before it answers,
// returns that text as content.
//
// Thread: one caller at a time.
// Bounds: call_bytes_max of a call whose arguments have not started; calls_max calls.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/grammar/json_grammar.hpp"
#include "engine/embedded/grammar/tool_calls.hpp"

namespace troupe::engine {

struct tool_piece {
  enum class kind : std::uint8_t { content, call_start, arguments, broken };

  kind what = kind::content;
  std::size_t index = 0;  // of the call
  std::string id;         // call_start
  std::string text;       // content, name, arguments, or the text of the broken call
};

struct tool_format {
  tool_syntax syntax = tool_syntax::hermes;
  std::string call_id_prefix;  // a call's id is this and its index
  std::string name;            // tool_syntax::arguments
};

class tool_call_parser {
 public:
  static constexpr std::size_t call_bytes_max = 64 << 10;
  static constexpr std::size_t calls_max = 128;

  explicit tool_call_parser(tool_format format);

  // Reads more text and returns what became certain.
  std::vector<tool_piece> push(std::string_view text);

  // Ends the text and returns what was held back.
  std::vector<tool_piece> finish();

  // Returns how many calls have started.
  std::size_t call_count() const { return next_index_; }

 private:
  enum class phase : std::uint8_t {
    content,    // no call in sight; hermes: the start of a marker may be held
    header,     // in a call's object, before its arguments
    arguments,  // in the arguments
    trailer,    // in the call's object, behind the arguments
    after,      // behind the object
    plain,      // everything else is content
  };

  void read(char c);
  void read_marker(char c);
  void read_opening(char c);
  void read_header(char c);
  void read_arguments(char c);
  void read_trailer(char c);
  void read_closing_marker(char c);
  void read_separator(char c);
  bool starts_arguments(char c) const;
  void track(char c);
  void open_call(std::string_view text);
  void start_call(std::string_view name);
  void close_header();
  void close_call();
  void give_up();
  void break_off();
  void emit(tool_piece::kind what, std::string_view text);

  tool_format format_;
  phase phase_ = phase::content;
  std::vector<tool_piece> out_;
  std::string held_;           // seen, but not yet certain to be content
  std::string call_;           // whole text of the call that is open
  bool follows_call_ = false;  // white space between calls is not content
  bool in_array_ = false;
  std::size_t next_index_ = 0;
  // within the call's object
  std::size_t object_start_ = 0;  // in call_
  std::size_t depth_ = 0;
  bool in_string_ = false, is_escaped_ = false;
  json_grammar::state arguments_;
};

struct parsed_tool_calls {
  std::string content;
  std::vector<tool_call> calls;
};

// Parses a whole answer; malformed calls are content.
parsed_tool_calls parse_tool_calls(std::string_view text, const tool_format& format);

}  // namespace troupe::engine
