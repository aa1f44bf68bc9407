// Any bytes as a chat template: an error or a text, within the budgets.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/embedded/text/chat_template.hpp"

namespace {

const nlohmann::ordered_json& variables() {
  static const auto value = nlohmann::ordered_json::parse(R"({
    "messages": [{"role": "system", "content": " s\n"}, {"role": "user", "content": "hé"},
                 {"role": "assistant", "content": null, "tool_calls": [{"a": [1, 2.5, true]}]}],
    "tools": [{"function": {"name": "f", "parameters": {"x": {"type": "int"}}}}],
    "add_generation_prompt": true, "bos_token": "<s>", "n": 3, "now_unix_s": 0})");
  return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed =
      troupe::engine::chat_template::parse({reinterpret_cast<const char*>(data), size});
  if (parsed) (void)(*parsed)->render(variables());
  return 0;
}
