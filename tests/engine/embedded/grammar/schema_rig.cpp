#include "tests/engine/embedded/grammar/schema_rig.hpp"

#include <algorithm>
#include <stdexcept>

namespace troupe::engine::test {

namespace {

const std::vector<std::string> names{"a", "b", "ab", "name", "né", "q\"t", "", "a~/b"};
const std::vector<std::string> letters{"a", "b", "é", "漢", "😀", "\"", "\\", "\n", "\x01", " "};

std::size_t code_points(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

const json& target(const json& root, const std::string& reference) {
  return root.at(json::json_pointer{reference.substr(1)});
}

bool is_whole(const json& v) {
  return v.is_number_integer() || (v.is_number_float() && v.get<double>() == (long)v.get<double>());
}

bool has_type(const json& v, const std::string& type) {
  if (type == "integer") return is_whole(v);
  if (type == "number") return v.is_number();
  return v.type_name() == type;
}

bool object_validates(const json& s, const json& v, const json& root) {
  for (const auto& name : s.value("required", json::array())) {
    if (!v.contains(name.get<std::string>())) return false;
  }
  const auto properties = s.value("properties", json::object());
  for (const auto& [name, member] : v.items()) {
    if (properties.contains(name)) {
      if (!validates(properties[name], member, root)) return false;
    } else if (s.contains("additionalProperties")) {
      if (!validates(s["additionalProperties"], member, root)) return false;
    }
  }
  return true;
}

bool array_validates(const json& s, const json& v, const json& root) {
  if (v.size() < s.value("minItems", 0U) || v.size() > s.value("maxItems", 1U << 30)) return false;
  const auto prefix = s.value("prefixItems", json::array());
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (i < prefix.size()) {
      if (!validates(prefix[i], v[i], root)) return false;
    } else if (s.contains("items") && !validates(s["items"], v[i], root)) {
      return false;
    }
  }
  return true;
}

bool scalar_validates(const json& s, const json& v) {
  if (v.is_string()) {
    const auto length = code_points(v.get<std::string>());
    return length >= s.value("minLength", 0U) && length <= s.value("maxLength", 1U << 30);
  }
  if (v.is_number()) {
    const auto number = v.get<double>();
    return number >= s.value("minimum", -1e300) && number <= s.value("maximum", 1e300) &&
           number > s.value("exclusiveMinimum", -1e300) &&
           number < s.value("exclusiveMaximum", 1e300);
  }
  return true;
}

}  // namespace

bool validates(const json& s, const json& v, const json& root) {
  if (s.is_boolean()) return s.get<bool>();
  if (s.contains("$ref")) return validates(target(root, s["$ref"].get<std::string>()), v, root);
  for (const char* union_of : {"anyOf", "oneOf"}) {
    if (!s.contains(union_of)) continue;
    const auto fits = [&](const auto& branch) { return validates(branch, v, root); };
    if (std::none_of(s[union_of].begin(), s[union_of].end(), fits)) return false;
  }
  if (s.contains("enum") && std::find(s["enum"].begin(), s["enum"].end(), v) == s["enum"].end()) {
    return false;
  }
  if (s.contains("const") && s["const"] != v) return false;
  if (s.contains("type")) {
    const auto types = s["type"].is_array() ? s["type"] : json::array({s["type"]});
    const auto fits = [&](const auto& type) { return has_type(v, type); };
    if (std::none_of(types.begin(), types.end(), fits)) return false;
  }
  if (v.is_object()) return object_validates(s, v, root);
  if (v.is_array()) return array_validates(s, v, root);
  return scalar_validates(s, v);
}

json schema_rig::schema() {
  auto schema = object_schema(0);
  // The recursion must be able to end: "next" is optional.
  schema["$defs"] = {{"list",
                      {{"type", "object"},
                       {"properties", {{"v", sub_schema(2)}, {"next", {{"$ref", "#/$defs/list"}}}}},
                       {"required", json::array({"v"})},
                       {"additionalProperties", false}}}};
  return schema;
}

json schema_rig::sub_schema(int depth) {
  const auto pick = depth >= 3 ? 4 + below(4) : below(8);
  if (pick == 0) return object_schema(depth);
  if (pick == 1) return array_schema(depth);
  if (pick == 2) {
    const char* keyword = chance(50) ? "anyOf" : "oneOf";
    return {{keyword, json::array({sub_schema(depth + 1), sub_schema(depth + 1)})}};
  }
  if (pick == 3 && depth < 2) return {{"$ref", "#/$defs/list"}};
  return scalar_schema();
}

json schema_rig::object_schema(int depth) {
  json schema{{"type", "object"}, {"properties", json::object()}, {"title", "t"}};
  auto required = json::array();
  const auto count = below(4);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& name = names[below(names.size())];
    if (!schema["properties"].contains(name) && chance(50)) required.push_back(name);
    schema["properties"][name] = sub_schema(depth + 1);
  }
  schema["required"] = required;
  schema["additionalProperties"] = chance(60) ? json(false) : sub_schema(depth + 1);
  return schema;
}

json schema_rig::array_schema(int depth) {
  json schema{{"type", "array"}, {"items", sub_schema(depth + 1)}};
  if (chance(40)) schema["minItems"] = below(3);
  if (chance(40)) schema["maxItems"] = 2 + below(3);
  if (chance(30)) schema["prefixItems"] = json::array({sub_schema(depth + 1), scalar_schema()});
  return schema;
}

json schema_rig::scalar_schema() {
  switch (below(9)) {
    case 0:
      return {{"type", "string"}};
    case 1:
      return {{"type", "string"}, {"minLength", below(3)}, {"maxLength", 2 + below(5)}};
    case 2:
      return {{"type", "integer"}};
    case 3: {
      const auto low = static_cast<std::int64_t>(below(2000)) - 1000;
      return {{"type", "integer"},
              {"minimum", low},
              {chance(50) ? "maximum" : "exclusiveMaximum", low + 1 + (long)below(3000)}};
    }
    case 4:
      return {{"type", "number"}};
    case 5:
      return {{"type", json::array({"boolean", "null", "integer"})}};
    case 6:
      return {{"enum", json::array({"a", "ab", 1, -2.5, nullptr, {{"k", json::array({1})}}})}};
    case 7:
      return {{"const", names[below(names.size())]}};
    default:
      return json::object();
  }
}

std::string schema_rig::text(std::size_t least, std::size_t most) {
  std::string text;
  for (auto count = least + below(most - least + 1); count > 0; --count) {
    text += letters[below(letters.size())];
  }
  return text;
}

json schema_rig::any_value(int depth) {
  switch (below(depth > 3 ? 5 : 7)) {
    case 0:
      return nullptr;
    case 1:
      return chance(50);
    case 2:
      return static_cast<std::int64_t>(random_());
    case 3:
      return static_cast<double>(static_cast<std::int64_t>(random_())) / 1e7;
    case 4:
      return text(0, 6);
    case 5:
      return json::array({any_value(depth + 1), any_value(depth + 1)});
    default:
      return {{"x" + text(0, 3), any_value(depth + 1)}};
  }
}

json schema_rig::object_instance(const json& s, const json& root, int depth) {
  auto value = json::object();
  for (const auto& [name, member] : s["properties"].items()) {
    const auto& required = s["required"];
    const bool must = std::find(required.begin(), required.end(), name) != required.end();
    if (must || (depth < 5 && chance(50))) value[name] = instance(member, root, depth + 1);
  }
  if (s["additionalProperties"] != false && depth < 4 && chance(50)) {
    value["zz" + text(0, 3)] = instance(s["additionalProperties"], root, depth + 1);
  }
  return value;
}

json schema_rig::array_instance(const json& s, const json& root, int depth) {
  const auto least = s.value("minItems", std::size_t{0});
  const auto most = std::min(s.value("maxItems", least + 3), least + 3);
  auto value = json::array();
  const auto prefix = s.value("prefixItems", json::array());
  for (auto count = least + below(most - least + 1); value.size() < count;) {
    const auto i = value.size();
    value.push_back(instance(i < prefix.size() ? prefix[i] : s["items"], root, depth + 1));
  }
  return value;
}

json schema_rig::instance(const json& s, const json& root, int depth) {
  if (s.is_boolean() || (s.is_object() && s.empty())) return any_value(depth);
  if (s.contains("$ref")) {
    return instance(target(root, s["$ref"].get<std::string>()), root, depth + 1);
  }
  for (const char* keyword : {"anyOf", "oneOf", "enum"}) {
    if (!s.contains(keyword)) continue;
    const auto& chosen = s[keyword][below(s[keyword].size())];
    return keyword == std::string{"enum"} ? chosen : instance(chosen, root, depth);
  }
  if (s.contains("const")) return s["const"];
  if (s["type"].is_array()) {
    return instance({{"type", s["type"][below(s["type"].size())]}}, root, depth);
  }
  const auto type = s["type"].get<std::string>();
  if (type == "object") return object_instance(s, root, depth);
  if (type == "array") return array_instance(s, root, depth);
  if (type == "string") return text(s.value("minLength", 0U), s.value("maxLength", 8U));
  if (type == "null") return nullptr;
  if (type == "boolean") return chance(50);
  if (type == "number") return any_value(9).is_number() ? json(below(100)) : json(-0.125);
  if (!s.contains("minimum")) return static_cast<std::int64_t>(random_());
  const auto low = s["minimum"].get<std::int64_t>();
  const auto end = s.contains("maximum") ? s["maximum"].get<std::int64_t>() + 1
                                         : s["exclusiveMaximum"].get<std::int64_t>();
  return low + static_cast<std::int64_t>(below(static_cast<std::size_t>(end - low)));
}

json_grammar compiled(const json& schema) {
  const auto read = json_schema::read(schema);
  if (!read) throw std::runtime_error{failure_text(read.error()) + " in " + schema.dump()};
  auto grammar = json_grammar::compile(*read);
  if (!grammar) throw std::runtime_error{failure_text(grammar.error()) + " in " + schema.dump()};
  return std::move(*grammar);
}

std::size_t bytes_taken(const json_grammar& grammar, std::string_view text) {
  auto state = grammar.start();
  std::size_t taken = 0;
  while (taken < text.size() && grammar.advance(state, static_cast<std::uint8_t>(text[taken]))) {
    ++taken;
  }
  return taken;
}

bool accepts(const json_grammar& grammar, std::string_view text) {
  auto state = grammar.start();
  for (const char c : text) {
    if (!grammar.advance(state, static_cast<std::uint8_t>(c))) return false;
  }
  return grammar.may_end(state);
}

}  // namespace troupe::engine::test
