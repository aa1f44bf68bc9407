#include "config/field_schema.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "config/field_visitor.hpp"
#include "config/topology_fields.hpp"
#include "config/units.hpp"

namespace troupe::config {

namespace {

using json = nlohmann::ordered_json;

constexpr const char* name_pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
constexpr const char* model_pattern = "^[^ ]+$";

// Whatever the table says of a value, the environment may supply it instead.
json or_variable(json schema) {
  return {{"anyOf", json::array({std::move(schema), {{"$ref", "#/$defs/variable"}}})}};
}

json definitions() {
  json sizes = json::array(
      {{{"type", "integer"}, {"minimum", 0}},
       {{"type", "string"}, {"pattern", "^[0-9]+ ?(B|[kK]B|MB|GB|TB|KiB|MiB|GiB|TiB)?$"}}});
  return {{"variable", {{"type", "string"}, {"pattern", "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-.*)?\\}"}}},
          {"size", {{"anyOf", std::move(sizes)}}},
          {"duration", {{"type", "string"}, {"pattern", "^[0-9]+ ?(ms|s|m|h)$"}}}};
}

json text_schema(text_form form) {
  json schema{{"type", "string"}, {"maxLength", form == text_form::model ? 256 : 4096}};
  if (form == text_form::name) schema["pattern"] = name_pattern;
  if (form == text_form::model) schema["pattern"] = model_pattern;
  if (form == text_form::listen) schema["pattern"] = "^(\\[[0-9A-Fa-f:.]+\\]|[^:]+):[0-9]{1,5}$";
  if (form == text_form::url)
    schema["pattern"] = "^https?://(\\[[0-9A-Fa-f:.]+\\]|[^:/]+):[0-9]{1,5}/?$";
  if (form == text_form::peer) schema["pattern"] = "^(\\[[0-9A-Fa-f:.]+\\]|[^:/]+):[0-9]{1,5}$";
  if (form == text_form::host) schema["pattern"] = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
  if (form == text_form::secret) schema["pattern"] = "^[!-~]*$";
  if (form == text_form::sha256) schema["pattern"] = "^[0-9A-Fa-f]{64}$";
  return schema;
}

// Builds one object schema per map of the file.
class schema_writer : public field_visitor {
 public:
  schema_writer() { open(); }

  json take() { return close(); }

  void text(const field& f, text_form form, std::string& value) override {
    add(f, or_variable(text_schema(form)), f.required ? json{} : json(value), "");
  }

  void integer(const field& f, const range& allowed, std::uint64_t& value) override {
    json schema =
        allowed.min == allowed.max
            ? json{{"const", allowed.min}}
            : json{{"type", "integer"}, {"minimum", allowed.min}, {"maximum", allowed.max}};
    add(f, or_variable(std::move(schema)), f.required ? json{} : json(value), "");
  }

  void size(const field& f, const range& allowed, std::uint64_t& value) override {
    add(f, or_variable({{"$ref", "#/$defs/size"}}), format_bytes(value),
        " From " + format_bytes(allowed.min) + " to " + format_bytes(allowed.max) + ".");
  }

  void duration(const field& f, const duration_range& allowed,
                std::chrono::milliseconds& value) override {
    add(f, or_variable({{"$ref", "#/$defs/duration"}}), format_duration(value),
        " From " + format_duration(allowed.min) + " to " + format_duration(allowed.max) + ".");
  }

  void word(const field& f, const std::vector<std::string_view>& names,
            std::size_t& index) override {
    add(f, or_variable({{"enum", names}}), std::string{names.at(index)}, "");
  }

  void section(const field& f, const body& fields) override {
    open();
    fields();
    json schema = close();
    if (!f.required && !schema.contains("required")) schema["type"] = {"object", "null"};
    add(f, std::move(schema), {}, "");
  }

  void texts(const field& f, text_form form, std::vector<std::string>&) override {
    add(f, {{"type", "array"}, {"uniqueItems", true}, {"items", or_variable(text_schema(form))}},
        json::array(), "");
  }

  void named(const field& f, text_form form,
             const std::function<void(const std::string&, field_visitor&)>& each) override {
    open();
    each("NAME", *this);
    json inner = close();
    add(f,
        {{"type", "object"},
         {"minProperties", 1},
         {"propertyNames", {{"pattern", form == text_form::model ? model_pattern : name_pattern}}},
         {"additionalProperties", std::move(inner)}},
        {}, "");
  }

  void text_map(const field& f, text_form form, std::map<std::string, std::string>&) override {
    add(f,
        {{"type", {"object", "null"}},
         {"propertyNames", {{"pattern", name_pattern}}},
         {"additionalProperties", or_variable(text_schema(form))}},
        {}, "");
  }

  void flag(const field& f, bool& value) override {
    add(f, or_variable({{"type", "boolean"}}), value, "");
  }

  void list(const field& f, const std::vector<item_kind>& kinds) override {
    json items = json::array();
    for (const item_kind& kind : kinds) {
      open();
      section({kind.word.key, kind.word.help}, [&] { kind.describe(*this); });
      json item = close();
      item["required"] = {kind.word.key};
      items.push_back(std::move(item));
    }
    add(f, {{"type", "array"}, {"minItems", 1}, {"items", {{"oneOf", std::move(items)}}}}, {}, "");
  }

  void only_where(std::string_view key, std::string_view value, bool holds,
                  const body& fields) override {
    objects_.push_back({});
    fields();
    open_object branch = std::move(objects_.back());
    objects_.pop_back();
    json condition{{"properties", {{key, {{"const", value}}}}}};
    if (!holds) condition["required"] = {key};  // the default holds where the key is left out
    json forbidden = json::object();
    for (const auto& [name, schema] : branch.properties.items()) {
      forbidden[name] = false;
      objects_.back().properties[name] = schema;
    }
    json rule{{"if", std::move(condition)}};
    if (!branch.required.empty()) rule["then"] = {{"required", branch.required}};
    rule["else"] = {{"properties", std::move(forbidden)}};
    objects_.back().conditions.push_back(std::move(rule));
  }

  void rule(std::initializer_list<std::string_view>, const std::function<std::string()>&) override {
  }

 private:
  struct open_object {
    json properties = json::object();
    json required = json::array();
    json conditions = json::array();
  };

  void open() { objects_.push_back({}); }

  json close() {
    open_object done = std::move(objects_.back());
    objects_.pop_back();
    json schema{{"type", "object"}, {"additionalProperties", false}};
    if (!done.required.empty()) schema["required"] = std::move(done.required);
    schema["properties"] = std::move(done.properties);
    if (!done.conditions.empty()) schema["allOf"] = std::move(done.conditions);
    return schema;
  }

  void add(const field& f, json schema, const json& default_value, const std::string& limits) {
    json described{{"description", std::string{f.help} + limits}};
    if (!default_value.is_null()) described["default"] = default_value;
    described.update(schema);
    objects_.back().properties[std::string{f.key}] = std::move(described);
    if (f.required) objects_.back().required.push_back(f.key);
  }

  std::vector<open_object> objects_;
};

}  // namespace

std::string render_schema() {
  schema_writer writer;
  topology defaults;
  describe(writer, defaults);
  json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "Troupe actor config file"}};
  schema.update(writer.take());
  schema["$defs"] = definitions();
  return schema.dump(2) + "\n";
}

}  // namespace troupe::config
