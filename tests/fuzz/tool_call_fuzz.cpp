// Any generated text, in any pieces: the same tool calls, in order, and nothing of it lost.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/grammar/tool_call_parser.hpp"
#include "runtime/assert.hpp"

namespace {

using namespace troupe::engine;
using kind = tool_piece::kind;

// Joins neighbours that differ only by a cut.
void append(std::vector<tool_piece>& joined, std::vector<tool_piece> pieces) {
  for (auto& piece : pieces) {
    const bool goes_on = !joined.empty() && joined.back().what == piece.what &&
                         (piece.what == kind::content || piece.what == kind::arguments);
    if (goes_on) {
      joined.back().text += piece.text;
    } else {
      joined.push_back(std::move(piece));
    }
  }
}

std::vector<tool_piece> parse(std::string_view text, const tool_format& format, std::size_t cut) {
  tool_call_parser parser{format};
  std::vector<tool_piece> joined;
  while (!text.empty()) {
    append(joined, parser.push(text.substr(0, cut)));
    text.remove_prefix(std::min(cut, text.size()));
  }
  append(joined, parser.finish());
  return joined;
}

void expect_same(const std::vector<tool_piece>& a, const std::vector<tool_piece>& b) {
  TROUPE_ASSERT(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    TROUPE_ASSERT(a[i].what == b[i].what && a[i].index == b[i].index);
    TROUPE_ASSERT(a[i].id == b[i].id && a[i].text == b[i].text);
  }
}

// Starts are counted up; arguments follow a start. Returns whether a call broke off.
bool expect_in_order(const std::vector<tool_piece>& pieces) {
  std::size_t started = 0;
  bool is_broken = false;
  for (const auto& piece : pieces) {
    is_broken |= piece.what == kind::broken;
    if (piece.what == kind::call_start) {
      TROUPE_ASSERT(piece.index == started);
      ++started;
    } else if (piece.what == kind::arguments) {
      TROUPE_ASSERT(started > 0);
    }
  }
  TROUPE_ASSERT(started <= tool_call_parser::calls_max);
  return is_broken;
}

std::string content_of(const std::vector<tool_piece>& pieces) {
  std::string content;
  for (const auto& piece : pieces) {
    if (piece.what == kind::content) content += piece.text;
  }
  return content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const auto syntax : {tool_syntax::hermes, tool_syntax::json, tool_syntax::arguments}) {
    const tool_format format{syntax, "c", "f"};
    const auto streamed = parse(text, format, 1);
    expect_same(streamed, parse(text, format, std::max<std::size_t>(size, 1)));
    expect_same(streamed, parse(text, format, 3));
    const auto whole = parse_tool_calls(text, format);
    std::size_t bytes = whole.content.size();
    for (const auto& call : whole.calls) bytes += call.arguments.size();
    // Arguments given as an object behind its name are printed anew, never longer than \u escapes.
    TROUPE_ASSERT(bytes <= 6 * text.size());
    if (!expect_in_order(streamed)) TROUPE_ASSERT(whole.content == content_of(streamed));
  }
  return 0;
}
