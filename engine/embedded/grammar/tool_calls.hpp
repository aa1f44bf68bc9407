// Tool calls as OpenAI's API shows them, and the schemas that force a model to make them.
//
// In an answer a call is {"id", "type": "function", "function": {"name", "arguments"}}, arguments
// being JSON text in a string; in a stream the first delta of a call has index, id, type and name,
// the others index and a piece of the arguments, as vLLM sends them.
//
// Errors: invalid_request (tools or tool_choice are malformed, or name no tool).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>
#include <nlohmann/json.hpp>

#include "runtime/errc.hpp"

namespace troupe::engine {

struct tool_call {
  std::string id;
  std::string name;
  std::string arguments;  // JSON text, as the model wrote it
};

enum class tool_syntax : std::uint8_t {
  hermes,     // <tool_call>{"name": ..., "arguments": {...}}</tool_call>, as Hermes and Qwen write
  json,       // {"name": ..., "parameters": {...}}, alone or in an array, as Llama 3 writes
  arguments,  // the whole text is the arguments of one known tool: a named tool_choice
};

enum class tool_choice_kind : std::uint8_t { none, automatic, required, named };

struct tool_choice {
  tool_choice_kind kind = tool_choice_kind::none;
  std::string name;  // named
};

// Returns what is wrong with a tool, to be read behind its name; empty: nothing.
std::string mistake_in_tool(const nlohmann::ordered_json& tool);

// Returns how a model writes its calls, told by its chat template.
tool_syntax tool_syntax_of(std::string_view chat_template);

// Reads tool_choice beside its tools; null is "auto" where there are tools, else "none".
caf::expected<tool_choice> read_tool_choice(const nlohmann::ordered_json& choice,
                                            const nlohmann::ordered_json& tools);

// Returns the schema a forced call must satisfy: for a named tool its parameters (to be parsed as
// tool_syntax::arguments), for "required" an array of {"name", "parameters"} (tool_syntax::json).
caf::expected<nlohmann::ordered_json> forced_call_schema(const tool_choice& choice,
                                                         const nlohmann::ordered_json& tools);

}  // namespace troupe::engine
