// The keywords of single types: objects, arrays, lengths and ranges.
#include <algorithm>
#include <cmath>

#include "engine/embedded/grammar/schema_reader.hpp"

namespace troupe::engine {

namespace {

// Escapes a member's name as a step of a JSON pointer.
std::string pointer_step(std::string_view name) {
  std::string step;
  for (const char c : name) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

}  // namespace

void schema_reader::read_object(const task& t) {
  schema_node node;
  node.kind = schema_kind::object;
  read_properties(t, node);
  const auto required = required_names(t);
  if (failure_) return;
  const auto& schema = *t.schema;
  const auto further = schema.find("additionalProperties");
  // An object that lists its properties is closed unless it says otherwise, as vLLM's default.
  const bool is_open = further == schema.end() ? node.properties.empty() : *further != false;
  if (is_open) {
    const auto& value = further == schema.end() ? keep(json(true)) : *further;
    node.additional = child(t, value, "additionalProperties");
  }
  for (const auto& name : required) {
    const auto found = std::find_if(node.properties.begin(), node.properties.end(),
                                    [&](const auto& p) { return p.name == name; });
    if (found != node.properties.end()) {
      found->required = true;
      continue;
    }
    const auto& value = further == schema.end() ? keep(json(true)) : *further;
    node.properties.push_back({name, child(t, value, "required"), true});
  }
  nodes_[t.node] = std::move(node);
}

void schema_reader::read_properties(const task& t, schema_node& node) {
  const auto found = t.schema->find("properties");
  if (found == t.schema->end()) return;
  if (!found->is_object()) {
    return fail(errc::invalid_request, t, "properties", "must be an object");
  }
  for (const auto& [name, value] : found->items()) {
    if (failure_) return;
    node.properties.push_back({name, child(t, value, "properties/" + pointer_step(name)), false});
  }
}

std::vector<std::string> schema_reader::required_names(const task& t) {
  std::vector<std::string> names;
  const auto found = t.schema->find("required");
  if (found == t.schema->end()) return names;
  if (!found->is_array()) {
    fail(errc::invalid_request, t, "required", "must be an array of names");
    return names;
  }
  for (const auto& name : *found) {
    if (!name.is_string()) {
      fail(errc::invalid_request, t, "required", "must be an array of names");
      return names;
    }
    names.push_back(name.get<std::string>());
  }
  return names;
}

void schema_reader::read_array(const task& t) {
  schema_node node;
  node.kind = schema_kind::array;
  const auto& schema = *t.schema;
  if (const auto prefix = schema.find("prefixItems"); prefix != schema.end()) {
    if (!prefix->is_array()) {
      return fail(errc::invalid_request, t, "prefixItems", "must be an array of schemas");
    }
    for (std::size_t i = 0; i < prefix->size() && !failure_; ++i) {
      node.prefix.push_back(child(t, (*prefix)[i], "prefixItems/" + std::to_string(i)));
    }
  }
  const auto items = schema.find("items");
  if (items != schema.end() && items->is_array()) {
    return fail(errc::unsupported, t, "items", "must be one schema; use prefixItems for a list");
  }
  node.items = child(t, items == schema.end() ? keep(json(true)) : *items, "items");
  nodes_[t.node] = std::move(node);
  read_counts(t, "minItems", "maxItems");
}

void schema_reader::read_counts(const task& t, std::string_view least, std::string_view most) {
  auto& node = nodes_[t.node];
  for (const auto keyword : {least, most}) {
    const auto found = t.schema->find(std::string{keyword});
    if (found == t.schema->end()) continue;
    const double value = found->is_number() ? found->get<double>() : -1;
    const bool is_count = value >= 0 && std::floor(value) == value;
    if (!is_count) {
      return fail(errc::invalid_request, t, keyword, "must be a whole number, not negative");
    }
    const auto count = static_cast<std::uint32_t>(std::min(value, 2e9));
    (keyword == least ? node.count_min : node.count_max) = count;
  }
}

void schema_reader::read_range(const task& t) {
  auto& node = nodes_[t.node];
  for (const auto keyword : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
    if (t.schema->contains(keyword) && !failure_) read_bound(t, keyword, node);
  }
}

void schema_reader::read_bound(const task& t, std::string_view keyword, schema_node& node) {
  const auto& value = (*t.schema)[std::string{keyword}];
  if (!value.is_number()) return fail(errc::invalid_request, t, keyword, "must be a number");
  if (node.kind == schema_kind::number) {
    if (keyword != "minimum" || value.get<double>() != 0) {
      return fail(errc::unsupported, t, keyword,
                  "is supported for integers; for numbers there is only minimum 0");
    }
    node.non_negative = true;
    return;
  }
  const auto number = value.get<double>();
  const bool is_lower = keyword == "minimum" || keyword == "exclusiveMinimum";
  const bool is_exclusive = keyword.starts_with("exclusive");
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  if (std::abs(number) > 9e18 || value.get<double>() != number) {
    return fail(errc::unsupported, t, keyword, "must lie within +-9e18");
  }
  std::int64_t bound = 0;
  bool excludes = is_exclusive;
  if (value.is_number_float()) {
    bound = static_cast<std::int64_t>(is_lower ? std::ceil(number) : std::floor(number));
    excludes = excludes && static_cast<double>(bound) == number;
  } else {
    bound = value.get<std::int64_t>();
  }
  if (is_lower) {
    node.minimum = std::max(node.minimum, excludes && bound < largest ? bound + 1 : bound);
  } else {
    node.maximum = std::min(node.maximum, excludes ? bound - 1 : bound);
  }
}

}  // namespace troupe::engine
