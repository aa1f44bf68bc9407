#include "engine/embedded/serve/api_output_form.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "engine/embedded/grammar/grammar_cache.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

constexpr const char* format_field = "response_format";
constexpr const char* structure_field = "structured_outputs";

json read_json_schema(field_reader& fields, const json& format) {
  const auto inner = format.find("json_schema");
  if (inner != format.end() && inner->is_object()) {
    const auto schema = inner->find("schema");
    if (schema != inner->end() && !schema->is_null()) return {{"json", *schema}};
  }
  fields.refuse(format_field,
                "response_format.json_schema must be an object with a name and a schema");
  return nullptr;
}

json read_response_format(field_reader& fields) {
  const auto* format = fields.find(format_field);
  if (format == nullptr) return nullptr;
  const auto type = format->is_object() ? format->find("type") : format->end();
  if (type == format->end() || !type->is_string()) {
    fields.refuse(format_field, "response_format must be an object with a type");
    return nullptr;
  }
  if (*type == "text") return nullptr;
  if (*type == "json_object") return {{"json_object", true}};
  if (*type == "json_schema") return read_json_schema(fields, *format);
  const bool is_known = *type == "structural_tag";
  fields.refuse(format_field,
                is_known ? "response_format of type structural_tag is not supported by this engine"
                         : "response_format.type must be \"text\", \"json_object\" or "
                           "\"json_schema\", got " +
                               type->dump(),
                is_known ? errc::unsupported : errc::invalid_request);
  return nullptr;
}

json read_structure(field_reader& fields) {
  const auto* structure = fields.find(structure_field);
  if (structure == nullptr) return nullptr;
  if (!structure->is_object()) {
    fields.refuse(structure_field, "structured_outputs must be an object");
    return nullptr;
  }
  field_reader inner{*structure};
  for (const auto* name : {"regex", "grammar", "structural_tag", "whitespace_pattern"}) {
    inner.require_one_of(name, {});
  }
  const std::array<json, 1> no{false};
  for (const auto* name : {"disable_any_whitespace", "disable_additional_properties"}) {
    inner.require_one_of(name, no);
  }
  auto form = json::object();
  if (const auto* schema = inner.find("json")) form["json"] = *schema;
  if (inner.flag("json_object", false)) form["json_object"] = true;
  if (inner.find("choice") != nullptr) {
    form["choice"] =
        inner.texts("choice", json_schema::literals_max, grammar_cache::schema_bytes_max);
  }
  fields.adopt(inner, structure_field);
  if (form.size() != 1) {
    fields.refuse(structure_field,
                  "structured_outputs must hold exactly one of json, json_object and choice, got " +
                      std::to_string(form.size()));
  }
  return form;
}

caf::expected<grammar_cache::program> program_of(const json& form, grammar_cache& cache) {
  if (form.contains("json_object")) return cache.json_object_program();
  if (const auto choice = form.find("choice"); choice != form.end()) {
    return cache.choice_program(choice->get<std::vector<std::string>>());
  }
  const auto& schema = form["json"];
  return schema.is_string() ? cache.json_text_program(schema.get_ref<const std::string&>())
                            : cache.json_schema_program(schema);
}

}  // namespace

output_form read_output_form(field_reader& fields) {
  auto format = read_response_format(fields);
  auto structure = read_structure(fields);
  if (!format.is_null() && !structure.is_null()) {
    fields.refuse(structure_field,
                  "response_format and structured_outputs ask for two forms: give only one");
  }
  if (format.is_null()) return {std::move(structure), structure_field};
  return {std::move(format), format_field};
}

std::shared_ptr<grammar_program> compile_form(field_reader& fields, const output_form& form,
                                              const api_context& context) {
  if (form.asked.is_null() || fields.fault()) return nullptr;
  auto program = program_of(form.asked, *context.grammars);
  if (program) return std::move(*program);
  fields.refuse(form.field, std::string{form.field} + ": " + failure_text(program.error()),
                failure_code(program.error(), errc::invalid_request));
  return nullptr;
}

}  // namespace troupe::engine
