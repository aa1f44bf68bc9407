// Any bytes as a schema, any bytes as a text: an error or a grammar that never runs into a dead
// end. The input is the schema, a zero byte, the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/embedded/grammar/json_grammar.hpp"

namespace {

using namespace troupe::engine;

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
  const auto json = nlohmann::ordered_json::parse(input.substr(0, split), nullptr, false);
  if (json.is_discarded()) return 0;
  const auto schema = json_schema::read(json);
  if (!schema) return 0;
  const auto grammar = json_grammar::compile(*schema);
  if (grammar) write_text(*grammar, text);
  return 0;
}
