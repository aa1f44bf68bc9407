#include "engine/embedded/serve/api_tools.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

void check_tools(field_reader& fields, const json& tools) {
  if (!tools.is_array()) return fields.refuse("tools", "tools must be a list");
  if (tools.size() > tools_max) {
    return fields.refuse("tools", "tools must hold at most " + std::to_string(tools_max) +
                                      " tools, got " + std::to_string(tools.size()));
  }
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (const auto mistake = mistake_in_tool(tools[i]); !mistake.empty()) {
      return fields.refuse("tools", "tools[" + std::to_string(i) + "]" + mistake);
    }
  }
}

output_form forced_form(field_reader& fields, const tool_rules& rules, const json& tools) {
  auto schema = forced_call_schema(rules.choice, tools);
  if (!schema) {
    fields.refuse("tool_choice", failure_text(schema.error()),
                  failure_code(schema.error(), errc::invalid_request));
    return {};
  }
  if (!rules.parallel && rules.choice.kind == tool_choice_kind::required) (*schema)["maxItems"] = 1;
  return {{{"json", std::move(*schema)}}, "tools"};
}

}  // namespace

output_form read_tools(field_reader& fields, const api_context& context, output_form form,
                       api_request& out) {
  static const json absent;
  const auto* given = fields.find("tools");
  const auto* wanted = fields.find("tool_choice");
  const auto& tools = given == nullptr ? absent : *given;
  if (given != nullptr) check_tools(fields, tools);
  out.tools.parallel = fields.flag("parallel_tool_calls", true);
  if (fields.fault()) return form;
  auto choice = read_tool_choice(wanted == nullptr ? absent : *wanted, tools);
  if (!choice) {
    fields.refuse("tool_choice", failure_text(choice.error()),
                  failure_code(choice.error(), errc::invalid_request));
    return form;
  }
  auto& rules = out.tools;
  rules.choice = std::move(*choice);
  rules.syntax = context.tools_as;
  if (rules.choice.kind == tool_choice_kind::none) return form;
  if (rules.choice.kind == tool_choice_kind::automatic) {
    if (!form.asked.is_null()) rules.choice = {};
    return form;
  }
  rules.syntax =
      rules.choice.kind == tool_choice_kind::named ? tool_syntax::arguments : tool_syntax::json;
  if (!form.asked.is_null() && std::string_view{form.field} != "response_format") {
    fields.refuse("tool_choice", "structured_outputs and a forced tool_choice ask for two forms");
  }
  return forced_form(fields, rules, tools);
}

}  // namespace troupe::engine
