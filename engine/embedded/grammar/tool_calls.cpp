#include "engine/embedded/grammar/tool_calls.hpp"

#include "engine/embedded/grammar/json_schema.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

const json* member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// Returns the "function" of a tool, or null where the tool has none with a name.
const json* function_of(const json& tool) {
  const auto* function = member(tool, "function");
  const auto* name = function == nullptr ? nullptr : member(*function, "name");
  return name != nullptr && name->is_string() ? function : nullptr;
}

const json* find_function(const json& tools, std::string_view name) {
  for (const auto& tool : tools) {
    const auto* function = function_of(tool);
    if (function != nullptr && (*function)["name"].get_ref<const std::string&>() == name) {
      return function;
    }
  }
  return nullptr;
}

json parameters_of(const json& function) {
  const auto* parameters = member(function, "parameters");
  if (parameters == nullptr || parameters->is_null()) return json{{"type", "object"}};
  return *parameters;
}

// A tool's local references mean places in its own parameters; embedded in a larger schema they
// must name the larger path.
void move_references(json& schema, const std::string& path) {
  if (!schema.is_structured()) return;
  for (auto i = schema.begin(); i != schema.end(); ++i) {
    if (schema.is_object() && i.key() == "$ref" && i->is_string()) {
      const auto& target = i->get_ref<const std::string&>();
      if (target.starts_with("#")) *i = "#" + path + target.substr(1);
    } else {
      move_references(*i, path);
    }
  }
}

caf::error wrong(std::string text) {
  return make_failure(errc::invalid_request, std::move(text));
}

caf::expected<json> any_call_schema(const json& tools) {
  auto calls = json::array();
  for (const auto& tool : tools) {
    const auto* function = function_of(tool);
    if (function == nullptr) return wrong("tools: each must have a function with a name");
    auto parameters = parameters_of(*function);
    const auto at = std::to_string(calls.size());
    move_references(parameters, "/items/anyOf/" + at + "/properties/parameters");
    calls.push_back(
        {{"type", "object"},
         {"properties", {{"name", {{"const", (*function)["name"]}}}, {"parameters", parameters}}},
         {"required", json::array({"name", "parameters"})},
         {"additionalProperties", false}});
  }
  return json{{"type", "array"}, {"minItems", 1}, {"items", {{"anyOf", std::move(calls)}}}};
}

}  // namespace

std::string mistake_in_tool(const json& tool) {
  const auto* type = member(tool, "type");
  if (type == nullptr || *type != "function") return R"( must be of type "function")";
  const auto* function = function_of(tool);
  if (function == nullptr || (*function)["name"].get_ref<const std::string&>().empty()) {
    return ".function must have a name";
  }
  const auto* parameters = member(*function, "parameters");
  const bool is_schema = parameters == nullptr || parameters->is_null() || parameters->is_object();
  return is_schema ? "" : ".function.parameters must be a JSON Schema, an object";
}

tool_syntax tool_syntax_of(std::string_view chat_template) {
  const auto shows = [&](std::string_view mark) {
    return chat_template.find(mark) != std::string_view::npos;
  };
  if (shows("<tool_call>")) return tool_syntax::hermes;
  return shows(R"("parameters":)") ? tool_syntax::json : tool_syntax::hermes;
}

caf::expected<tool_choice> read_tool_choice(const json& choice, const json& tools) {
  const bool has_tools = tools.is_array() && !tools.empty();
  if (!tools.is_null() && !tools.is_array()) return wrong("tools must be an array");
  if (choice.is_null()) {
    return tool_choice{has_tools ? tool_choice_kind::automatic : tool_choice_kind::none, {}};
  }
  if (choice == "none") return tool_choice{};
  if (!has_tools) return wrong("tool_choice needs tools");
  if (choice == "auto") return tool_choice{tool_choice_kind::automatic, {}};
  if (choice == "required") return tool_choice{tool_choice_kind::required, {}};
  const auto* function = function_of(choice);
  if (function == nullptr) {
    return wrong("tool_choice must be \"none\", \"auto\", \"required\" or name a function");
  }
  auto name = (*function)["name"].get<std::string>();
  if (find_function(tools, name) == nullptr) {
    return wrong("tool_choice names a function that is not among the tools: " + name);
  }
  return tool_choice{tool_choice_kind::named, std::move(name)};
}

caf::expected<json> forced_call_schema(const tool_choice& choice, const json& tools) {
  if (!tools.is_array() || tools.empty()) return wrong("tool_choice needs tools");
  if (json_schema::is_too_deep(tools)) return wrong("tools are nested too deeply");
  if (choice.kind == tool_choice_kind::required) return any_call_schema(tools);
  if (choice.kind != tool_choice_kind::named) {
    return wrong("tool_choice forces no call");
  }
  const auto* function = find_function(tools, choice.name);
  if (function == nullptr) {
    return wrong("tool_choice names a function that is not among the tools: " + choice.name);
  }
  return parameters_of(*function);
}

}  // namespace troupe::engine
