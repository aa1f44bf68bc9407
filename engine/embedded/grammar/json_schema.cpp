#include "engine/embedded/grammar/json_schema.hpp"

#include "engine/embedded/grammar/schema_reader.hpp"

namespace troupe::engine {

caf::expected<json_schema> json_schema::read(const nlohmann::ordered_json& schema) {
  if (is_too_deep(schema)) {
    return make_failure(errc::invalid_request, "the JSON schema is nested over " +
                                                   std::to_string(json_depth_max) + " levels deep");
  }
  auto nodes = schema_reader{schema}.run();
  if (!nodes) return std::move(nodes.error());
  return json_schema{std::move(*nodes)};
}

bool json_schema::is_too_deep(const nlohmann::ordered_json& tree) {
  std::vector<const nlohmann::ordered_json*> level{&tree}, next;
  for (std::size_t depth = 0; !level.empty(); ++depth) {
    if (depth > json_depth_max) return true;
    next.clear();
    for (const auto* value : level) {
      if (!value->is_structured()) continue;
      for (const auto& inner : *value) next.push_back(&inner);
    }
    level.swap(next);
  }
  return false;
}

json_schema json_schema::one_of_texts(std::vector<std::string> texts) {
  schema_node one_of;
  one_of.kind = schema_kind::literal;
  one_of.literals = std::move(texts);
  return json_schema{{std::move(one_of)}};
}

json_schema json_schema::any_object() {
  schema_node object;
  object.kind = schema_kind::object;
  object.additional = 1;
  return json_schema{{std::move(object), schema_node{}}};
}

}  // namespace troupe::engine
