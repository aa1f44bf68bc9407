// Attributes, items, iteration and membership of template values.
#include <algorithm>
#include <charconv>

#include "engine/embedded/text/python_string.hpp"
#include "engine/embedded/text/template_builtins.hpp"

namespace troupe::engine {

namespace {

template_value undefined_failure(template_run& run, const template_value& object) {
  return run.fail(errc::invalid_request, "'" + object.missing_name() + "' is undefined");
}

template_value loop_attribute(const template_loop& loop, const std::string& name) {
  const auto count = loop.items->items.size();
  const auto integer = [](std::size_t value) {
    return template_value::integer(static_cast<std::int64_t>(value));
  };
  if (name == "index") return integer(loop.index + 1);
  if (name == "index0") return integer(loop.index);
  if (name == "revindex") return integer(count - loop.index);
  if (name == "revindex0") return integer(count - loop.index - 1);
  if (name == "length") return integer(count);
  if (name == "first") return template_value::boolean(loop.index == 0);
  if (name == "last") return template_value::boolean(loop.index + 1 == count);
  if (name == "depth") return template_value::integer(1);
  if (name == "depth0") return template_value::integer(0);
  if (name == "previtem" && loop.index > 0) return loop.items->items[loop.index - 1];
  if (name == "nextitem" && loop.index + 1 < count) return loop.items->items[loop.index + 1];
  return template_value::undefined("loop." + name);
}

// Python's index, from the end where negative; nothing where it is out of range.
std::optional<std::size_t> position(std::int64_t index, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (index < -count || index >= count) return std::nullopt;
  return static_cast<std::size_t>(index < 0 ? index + count : index);
}

// The item itself, null where the object has none of that index.
std::optional<template_value> find_item(template_run& run, const template_value& object,
                                        const template_value& index) {
  if (const auto* dict = object.as_dict()) {
    const auto* found = index.as_text() ? dict->find(*index.as_text()) : nullptr;
    if (found != nullptr) return *found;
  }
  if (!index.is_integral()) return std::nullopt;
  if (const auto* list = object.as_list()) {
    const auto at = position(index.integral(), list->items.size());
    if (at) return list->items[*at];
  }
  if (const auto* text = object.as_text()) {
    run.spend(text->size() / 64);
    const auto all = characters(*text);
    const auto at = position(index.integral(), all.size());
    if (at) return run.text(std::string{all[*at]});
  }
  return std::nullopt;
}

}  // namespace

template_value attribute_of(template_run& run, const template_value& object,
                            const std::string& name) {
  if (object.is_undefined()) return undefined_failure(run, object);
  if (has_method(object, name)) {
    template_function method;
    method.kind = template_function::kind_type::method;
    method.name = name;
    method.self = object;
    return template_value::function(std::move(method));
  }
  const template_value* found = nullptr;
  if (const auto* dict = object.as_dict()) found = dict->find(name);
  if (const auto* space = object.as_space()) found = space->find(name);
  if (found != nullptr) return *found;
  if (const auto* loop = object.as_loop()) return loop_attribute(*loop, name);
  return template_value::undefined(name);
}

template_value item_of(template_run& run, const template_value& object,
                       const template_value& index) {
  if (object.is_undefined()) return undefined_failure(run, object);
  if (auto found = find_item(run, object, index)) return std::move(*found);
  if (const auto* name = index.as_text()) return attribute_of(run, object, *name);
  return template_value::undefined("item");
}

template_value path_of(template_run& run, const template_value& object,
                       const template_value& path) {
  if (path.is_integral()) return item_of(run, object, path);
  if (path.as_text() == nullptr) {
    return run.fail(errc::invalid_request, "an attribute's name must be a text");
  }
  auto value = object;
  for (const auto part : split(*path.as_text(), ".")) {
    std::int64_t index = 0;
    const auto end = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool number = !part.empty() && end.ptr == part.data() + part.size();
    value =
        item_of(run, value,
                number ? template_value::integer(index) : template_value::text(std::string{part}));
    if (run.failed()) return {};
  }
  return value;
}

std::vector<template_value> elements_of(template_run& run, const template_value& value) {
  std::vector<template_value> out;
  if (const auto* list = value.as_list()) {
    if (run.spend(list->items.size() / 4)) out = list->items;
  } else if (const auto* dict = value.as_dict()) {
    for (const auto& item : dict->items) out.push_back(template_value::text(item.first));
  } else if (const auto* text = value.as_text()) {
    if (!run.spend(text->size())) return out;
    for (const auto character : characters(*text)) {
      out.push_back(template_value::text(std::string{character}));
    }
  } else if (!value.is_undefined()) {
    run.fail(errc::invalid_request, "a " + std::string{value.type_name()} + " is not iterable");
  }
  return out;
}

bool contains(template_run& run, const template_value& container, const template_value& element) {
  if (const auto* text = container.as_text()) {
    if (const auto* part = element.as_text()) {
      return run.spend(text->size() / 64) && text->find(*part) != std::string::npos;
    }
    run.fail(errc::invalid_request,
             "'in <text>' needs a text, not a " + std::string{element.type_name()});
    return false;
  }
  if (const auto* dict = container.as_dict()) {
    return element.as_text() != nullptr && dict->find(*element.as_text()) != nullptr;
  }
  for (const auto& item : elements_of(run, container)) {
    if (!run.spend(1 + std::min(item.weight(), element.weight()) / 64)) return false;
    if (equal(item, element)) return true;
  }
  return false;
}

}  // namespace troupe::engine
