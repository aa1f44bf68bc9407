#include "engine/embedded/grammar/schema_reader.hpp"

#include <algorithm>
#include <array>

#include "engine/embedded/grammar/schema_merge.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t merged_bytes_max = 16 << 20;

// Which type a keyword speaks of; the empty type: of all.
struct keyword_type {
  std::string_view keyword;
  std::string_view type;
};

constexpr std::array<keyword_type, 21> keyword_types{{
    {"type", ""},
    {"enum", ""},
    {"const", ""},
    {"anyOf", ""},
    {"oneOf", ""},
    {"allOf", ""},
    {"$ref", ""},
    {"properties", "object"},
    {"required", "object"},
    {"additionalProperties", "object"},
    {"items", "array"},
    {"prefixItems", "array"},
    {"minItems", "array"},
    {"maxItems", "array"},
    {"uniqueItems", "array"},
    {"minLength", "string"},
    {"maxLength", "string"},
    {"minimum", "number"},
    {"maximum", "number"},
    {"exclusiveMinimum", "number"},
    {"exclusiveMaximum", "number"},
}};

constexpr std::array<std::string_view, 7> type_list{"object", "array",   "string", "integer",
                                                    "number", "boolean", "null"};

const keyword_type* find_keyword(std::string_view keyword) {
  const auto* found = std::find_if(keyword_types.begin(), keyword_types.end(),
                                   [&](const auto& k) { return k.keyword == keyword; });
  return found == keyword_types.end() ? nullptr : found;
}

bool has_type(const json& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  return value.is_null();
}

json without(const json& schema, std::string_view keyword) {
  json rest = schema;
  rest.erase(std::string{keyword});
  return rest;
}

}  // namespace

caf::expected<std::vector<schema_node>> schema_reader::run() {
  add_task(root_, "", 0);
  while (!failure_ && !pending_.empty()) {
    const auto next = std::move(pending_.front());
    pending_.pop_front();
    read(next);
  }
  if (!failure_) find_empty_cycles();
  if (failure_) return std::move(*failure_);
  return std::move(nodes_);
}

schema_id schema_reader::add_task(const json& schema, std::string path, std::size_t depth) {
  if (nodes_.size() >= json_schema::nodes_max) {
    fail_bound("the JSON schema has over " + std::to_string(json_schema::nodes_max) + " schemas");
    return 0;
  }
  if (depth > json_schema::depth_max) {
    fail_bound("the JSON schema is nested over " + std::to_string(json_schema::depth_max) +
               " levels deep");
    return 0;
  }
  const auto id = static_cast<schema_id>(nodes_.size());
  nodes_.emplace_back();
  pending_.push_back({id, &schema, std::move(path), depth});
  return id;
}

schema_id schema_reader::child(const task& parent, const json& schema, std::string_view step) {
  return add_task(schema, parent.path + "/" + std::string{step}, parent.depth + 1);
}

// A merge copies; copies of copies could grow without end.
const json& schema_reader::keep(json schema) {
  kept_bytes_ += schema.dump(-1, ' ', false, json::error_handler_t::replace).size();
  if (kept_bytes_ > merged_bytes_max) {
    fail_bound("the JSON schema grows too large when its allOf, anyOf and oneOf are merged");
  }
  return kept_.emplace_back(std::move(schema));
}

void schema_reader::read(const task& t) {
  const auto& schema = *t.schema;
  if (schema.is_boolean()) {
    if (!schema.get<bool>()) nodes_[t.node].kind = schema_kind::choice;
    return;
  }
  if (!schema.is_object()) {
    return fail(errc::invalid_request, t, "", "must be an object or a boolean");
  }
  if (!t.type.empty()) return read_type(t, t.type);
  check_keywords(t);
  if (failure_) return;
  if (schema.contains("allOf")) return read_merged(t);
  if (schema.contains("$ref")) return read_reference(t);
  if (schema.contains("anyOf")) return read_choices(t, "anyOf");
  if (schema.contains("oneOf")) return read_choices(t, "oneOf");
  if (schema.contains("enum") || schema.contains("const")) return read_literals(t);
  read_types(t);
}

void schema_reader::check_keywords(const task& t) {
  for (const auto& [keyword, value] : t.schema->items()) {
    if (is_annotation(keyword)) continue;
    if (find_keyword(keyword) == nullptr) {
      return fail(errc::unsupported, t, keyword, "is a keyword this engine does not support");
    }
    if (keyword == "uniqueItems" && value != false) {
      return fail(errc::unsupported, t, keyword, "is supported only when false");
    }
  }
}

void schema_reader::read_merged(const task& t) {
  const auto& parts = (*t.schema)["allOf"];
  if (!parts.is_array()) return fail(errc::invalid_request, t, "allOf", "must be an array");
  auto merged = without(*t.schema, "allOf");
  for (const auto& part : parts) {
    if (!part.is_object()) {
      return fail(errc::unsupported, t, "allOf", "is supported only for schemas that are objects");
    }
    if (const auto conflict = merge_schema(merged, part)) {
      return fail(errc::unsupported, t, "allOf",
                  "cannot be merged: its parts disagree on " + *conflict);
    }
  }
  pending_.push_front({t.node, &keep(std::move(merged)), t.path, t.depth});
}

void schema_reader::read_reference(const task& t) {
  const auto& value = (*t.schema)["$ref"];
  if (has_assertions(*t.schema, "$ref")) {
    return fail(errc::unsupported, t, "$ref", "is supported only without keywords beside it");
  }
  if (!value.is_string() || !value.get_ref<const std::string&>().starts_with("#")) {
    return fail(errc::unsupported, t, "$ref", "must name a place in the same schema (#/...)");
  }
  const auto pointer = value.get_ref<const std::string&>().substr(1);
  auto known = references_.find(pointer);
  if (known == references_.end()) {
    const auto* target = resolve(pointer);
    if (target == nullptr) {
      return fail(errc::invalid_request, t, "$ref", "names nothing in the schema: #" + pointer);
    }
    known = references_.emplace(pointer, add_task(*target, pointer, 0)).first;
  }
  nodes_[t.node].kind = schema_kind::choice;
  nodes_[t.node].choices = {known->second};
}

void schema_reader::read_choices(const task& t, std::string_view keyword) {
  const auto& branches = (*t.schema)[std::string{keyword}];
  if (!branches.is_array() || branches.empty()) {
    return fail(errc::invalid_request, t, keyword, "must be an array of schemas");
  }
  const bool has_siblings = has_assertions(*t.schema, keyword);
  std::vector<schema_id> choices;
  for (std::size_t i = 0; i < branches.size() && !failure_; ++i) {
    const auto* branch = &branches[i];
    if (has_siblings) {
      auto merged = without(*t.schema, keyword);
      const auto conflict = branch->is_object() ? merge_schema(merged, *branch) : "a boolean";
      if (conflict) {
        return fail(errc::unsupported, t, keyword,
                    "cannot be merged with the keywords beside it: " + *conflict);
      }
      branch = &keep(std::move(merged));
    }
    choices.push_back(child(t, *branch, std::string{keyword} + "/" + std::to_string(i)));
  }
  nodes_[t.node].kind = schema_kind::choice;
  nodes_[t.node].choices = std::move(choices);
}

void schema_reader::read_literals(const task& t) {
  const auto& schema = *t.schema;
  const std::string keyword = schema.contains("enum") ? "enum" : "const";
  auto rest = without(schema, keyword);
  rest.erase("type");
  if (has_assertions(rest, "")) {
    return fail(errc::unsupported, t, keyword, "is supported only with type beside it");
  }
  if (keyword == "enum" && !schema["enum"].is_array()) {
    return fail(errc::invalid_request, t, keyword, "must be an array");
  }
  const auto types = schema.contains("type") ? type_names(t) : std::vector<std::string>{};
  const auto values = keyword == "enum" ? schema["enum"] : json::array({schema["const"]});
  nodes_[t.node].kind = schema_kind::literal;
  for (const auto& value : values) {
    const auto fits = [&](const auto& type) { return has_type(value, type); };
    if (schema.contains("type") && std::none_of(types.begin(), types.end(), fits)) continue;
    if (++literal_count_ > json_schema::literals_max) {
      return fail_bound("the JSON schema's enums have over " +
                        std::to_string(json_schema::literals_max) + " values");
    }
    nodes_[t.node].literals.push_back(value.dump(-1, ' ', false, json::error_handler_t::replace));
  }
}

void schema_reader::read_types(const task& t) {
  const auto types = type_names(t);
  if (failure_) return;
  if (types.empty()) return;  // no constraint at all: any value
  if (types.size() == 1) return read_type(t, types.front());
  nodes_[t.node].kind = schema_kind::choice;
  std::vector<schema_id> choices;
  for (const auto& type : types) {
    choices.push_back(add_task(*t.schema, t.path, t.depth + 1));
    if (failure_) return;
    pending_.back().type = type;
  }
  nodes_[t.node].choices = std::move(choices);
}

void schema_reader::read_type(const task& t, std::string_view type) {
  auto& kind = nodes_[t.node].kind;
  if (type == "object") return read_object(t);
  if (type == "array") return read_array(t);
  if (type == "integer" || type == "number") {
    kind = type == "integer" ? schema_kind::integer : schema_kind::number;
    return read_range(t);
  }
  if (type == "string") {
    kind = schema_kind::string;
    return read_counts(t, "minLength", "maxLength");
  }
  kind = type == "boolean" ? schema_kind::boolean : schema_kind::null;
}

// Without a type, the keywords tell: {"properties": ...} means an object to everyone who writes it.
std::vector<std::string> schema_reader::type_names(const task& t) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  const auto found = t.schema->find("type");
  if (found == t.schema->end()) {
    for (const auto& [keyword, value] : t.schema->items()) {
      const auto* known = find_keyword(keyword);
      if (known != nullptr && !known->type.empty()) add(std::string{known->type});
    }
    return names;
  }
  const auto list = found->is_array() ? *found : json::array({*found});
  for (const auto& name : list) {
    const bool known = name.is_string() && std::find(type_list.begin(), type_list.end(),
                                                     name.get<std::string>()) != type_list.end();
    if (!known) {
      fail(errc::invalid_request, t, "type", "must be one of JSON Schema's types, or a list");
      return {};
    }
    add(name.get<std::string>());
  }
  if (names.empty()) fail(errc::invalid_request, t, "type", "must not be an empty list");
  return names;
}

void schema_reader::fail(errc code, const task& t, std::string_view keyword,
                         std::string_view what) {
  if (failure_) return;
  auto text = "JSON schema: #" + t.path;
  if (!keyword.empty()) text += "/" + std::string{keyword};
  failure_ = make_failure(code, text + " " + std::string{what});
}

void schema_reader::fail_bound(std::string text) {
  if (!failure_) failure_ = make_failure(errc::invalid_request, std::move(text));
}

}  // namespace troupe::engine
