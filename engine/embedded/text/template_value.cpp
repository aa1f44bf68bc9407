#include "engine/embedded/text/template_value.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

namespace troupe::engine {

const template_value* template_dict::find(std::string_view key) const {
  for (const auto& [name, value] : items) {
    if (name == key) return &value;
  }
  return nullptr;
}

void template_dict::put(std::string key, template_value value) {
  depth = std::max(depth, value.depth() + 1);
  weight += key.size() + value.weight();
  for (auto& item : items) {
    if (item.first != key) continue;
    item.second = std::move(value);
    return;
  }
  items.emplace_back(std::move(key), std::move(value));
}

template_value template_value::undefined(std::string what) {
  return storage{undefined_type{std::make_shared<const std::string>(std::move(what))}};
}

template_value template_value::text(std::string value) {
  return storage{std::make_shared<const std::string>(std::move(value))};
}

template_value template_value::list(std::vector<template_value> items, bool tuple) {
  template_list out{std::move(items), tuple};
  for (const auto& item : out.items) {
    out.depth = std::max(out.depth, item.depth() + 1);
    out.weight += item.weight();
  }
  return storage{std::make_shared<const template_list>(std::move(out))};
}

template_value template_value::dict(template_dict items) {
  return storage{std::make_shared<const template_dict>(std::move(items))};
}

template_value template_value::function(template_function value) {
  return storage{std::make_shared<const template_function>(std::move(value))};
}

template <class Json>
template_value template_value::from_json(const Json& json, int depth) {
  if (depth > template_value_depth_max) return {};
  if (json.is_string()) return text(json.template get_ref<const std::string&>());
  if (json.is_boolean()) return boolean(json.template get<bool>());
  if (json.is_number_unsigned()) {
    const auto value = json.template get<std::uint64_t>();
    constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (value > largest) return number(static_cast<double>(value));
    return integer(static_cast<std::int64_t>(value));
  }
  if (json.is_number_integer()) return integer(json.template get<std::int64_t>());
  if (json.is_number_float()) return number(json.template get<double>());
  if (json.is_array()) {
    std::vector<template_value> items;
    items.reserve(json.size());
    for (const auto& item : json) items.push_back(from_json(item, depth + 1));
    return list(std::move(items));
  }
  if (json.is_object()) {
    template_dict items;
    items.items.reserve(json.size());
    for (const auto& [key, value] : json.items()) {
      // JSON libraries have seen to it that keys differ: no search.
      items.items.emplace_back(key, from_json(value, depth + 1));
      const auto& added = items.items.back().second;
      items.depth = std::max(items.depth, added.depth() + 1);
      items.weight += key.size() + added.weight();
    }
    return dict(std::move(items));
  }
  return none();
}

template template_value template_value::from_json(const nlohmann::json&, int);
template template_value template_value::from_json(const nlohmann::ordered_json&, int);

template_dict* template_value::as_space() const {
  const auto* pointer = std::get_if<space_pointer>(&data_);
  return pointer != nullptr ? pointer->get() : nullptr;
}

std::string template_value::missing_name() const {
  const auto* missing = std::get_if<undefined_type>(&data_);
  return missing != nullptr && missing->what ? *missing->what : "value";
}

int template_value::depth() const {
  if (const auto* list = as_list()) return list->depth;
  if (const auto* dict = as_dict()) return dict->depth;
  if (const auto* loop = as_loop()) return loop->depth;
  if (const auto* function = as_function()) return function->self.depth() + 1;
  return 0;
}

std::size_t template_value::weight() const {
  if (const auto* text = as_text()) return 16 + text->size();
  if (const auto* list = as_list()) return list->weight;
  if (const auto* dict = as_dict()) return dict->weight;
  if (const auto* loop = as_loop()) return loop->items->weight;
  if (const auto* function = as_function()) return 16 + function->self.weight();
  return 16;
}

bool template_value::truthy() const {
  if (is_undefined() || is_none()) return false;
  if (is_integral()) return integral() != 0;
  if (const auto* value = as_number()) return *value != 0;
  if (const auto* value = as_text()) return !value->empty();
  if (const auto* value = as_list()) return !value->items.empty();
  if (const auto* value = as_dict()) return !value->items.empty();
  return true;
}

std::string_view template_value::type_name() const {
  if (is_undefined()) return "Undefined";
  if (is_none()) return "NoneType";
  if (as_boolean() != nullptr) return "bool";
  if (as_integer() != nullptr) return "int";
  if (as_number() != nullptr) return "float";
  if (as_text() != nullptr) return "str";
  if (const auto* value = as_list()) return value->tuple ? "tuple" : "list";
  if (as_dict() != nullptr) return "dict";
  if (as_space() != nullptr) return "Namespace";
  return as_loop() != nullptr ? "LoopContext" : "function";
}

namespace {

bool equal_items(const template_list& a, const template_list& b) {
  return a.tuple == b.tuple && std::ranges::equal(a.items, b.items, equal);
}

bool equal_items(const template_dict& a, const template_dict& b) {
  if (a.items.size() != b.items.size()) return false;
  return std::ranges::all_of(a.items, [&](const auto& item) {
    const auto* other = b.find(item.first);
    return other != nullptr && equal(item.second, *other);
  });
}

}  // namespace

bool equal(const template_value& a, const template_value& b) {
  if (a.is_integral() && b.is_integral()) return a.integral() == b.integral();
  if (a.is_numeric() && b.is_numeric()) return a.floating() == b.floating();
  if (a.as_text() && b.as_text()) return *a.as_text() == *b.as_text();
  if (a.as_list() && b.as_list()) return equal_items(*a.as_list(), *b.as_list());
  if (a.as_dict() && b.as_dict()) return equal_items(*a.as_dict(), *b.as_dict());
  if (a.as_space() || b.as_space()) return a.as_space() == b.as_space();
  return (a.is_none() && b.is_none()) || (a.is_undefined() && b.is_undefined());
}

bool less(const template_value& a, const template_value& b, bool& comparable) {
  if (a.is_integral() && b.is_integral()) return a.integral() < b.integral();
  if (a.is_numeric() && b.is_numeric()) return a.floating() < b.floating();
  // UTF-8 sorts like the code points it stands for.
  if (a.as_text() && b.as_text()) return *a.as_text() < *b.as_text();
  if (a.as_list() && b.as_list()) {
    const auto &x = a.as_list()->items, &y = b.as_list()->items;
    for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
      if (!equal(x[i], y[i])) return less(x[i], y[i], comparable);
    }
    return x.size() < y.size();
  }
  comparable = false;
  return false;
}

}  // namespace troupe::engine
