// Any bytes as a schema, any bytes as a text: an error or a grammar that never runs into a dead
// end. The input is the schema, a zero byte, the text; the text is also read for tool calls.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/embedded/grammar/tool_call_parser.hpp"

namespace {

using namespace troupe::engine;

void read_tool_calls(std::string_view text) {
  for (const auto syntax : {tool_syntax::hermes, tool_syntax::json, tool_syntax::arguments}) {
    std::size_t bytes = 0;
    const auto parsed = parse_tool_calls(text, {syntax, "c", "f"});
    for (const auto& call : parsed.calls) bytes += call.arguments.size();
    // Arguments given as an object behind its name are printed anew, never longer than \u escapes.
    if (bytes + parsed.content.size() > 6 * text.size()) std::abort();
  }
}

void write_text(const json_grammar& grammar, std::string_view text) {
  auto state = grammar.start();
  std::string written;
  for (const char c : text) {
    if (!grammar.may_end(state) && !grammar.may_continue(state)) std::abort();
    if (grammar.advance(state, static_cast<std::uint8_t>(c))) written += c;
  }
  if (grammar.may_end(state) && !nlohmann::json::accept(written)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto split = input.find('\0');
  const auto text = split == std::string_view::npos ? input : input.substr(split + 1);
  read_tool_calls(text);
  const auto json = nlohmann::ordered_json::parse(input.substr(0, split), nullptr, false);
  if (json.is_discarded()) return 0;
  const auto schema = json_schema::read(json);
  if (!schema) return 0;
  const auto grammar = json_grammar::compile(*schema);
  if (grammar) write_text(*grammar, text);
  return 0;
}
