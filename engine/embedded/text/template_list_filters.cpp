// Jinja's filters that look at or make sequences.
#include <algorithm>
#include <array>
#include <utility>

#include "engine/embedded/text/python_string.hpp"
#include "engine/embedded/text/template_builtins.hpp"
#include "engine/embedded/text/template_text.hpp"

namespace troupe::engine {

namespace {

using value_type = template_value;
using arguments_type = template_arguments;
using values_type = std::vector<template_value>;

value_type length(template_run& run, const value_type& value, const arguments_type&) {
  std::size_t count = 0;
  if (const auto* text = value.as_text()) {
    if (run.spend(text->size() / 64)) count = character_count(*text);
  } else if (const auto* list = value.as_list()) {
    count = list->items.size();
  } else if (const auto* dict = value.as_dict()) {
    count = dict->items.size();
  } else if (!value.is_undefined()) {
    return run.fail(errc::invalid_request,
                    "a " + std::string{value.type_name()} + " has no length");
  }
  return value_type::integer(static_cast<std::int64_t>(count));
}

value_type joined(template_run& run, const value_type& value, const arguments_type& arguments) {
  const auto* separator = arguments.find(0, "d");
  const auto* attribute = arguments.find(1, "attribute");
  const auto glue = separator != nullptr ? text_of(*separator) : std::string{};
  std::string out;
  bool first = true;
  for (const auto& item : elements_of(run, value)) {
    if (!std::exchange(first, false)) run.append(out, glue);
    run.append(out, text_of(attribute != nullptr ? path_of(run, item, *attribute) : item));
    if (run.failed()) return {};
  }
  return run.text(std::move(out));
}

value_type first_of(template_run& run, const value_type& value, const arguments_type&) {
  auto items = elements_of(run, value);
  return items.empty() ? value_type::undefined("first item") : items.front();
}

value_type last_of(template_run& run, const value_type& value, const arguments_type&) {
  auto items = elements_of(run, value);
  return items.empty() ? value_type::undefined("last item") : items.back();
}

value_type as_list(template_run& run, const value_type& value, const arguments_type&) {
  return run.list(elements_of(run, value));
}

value_type reversed(template_run& run, const value_type& value, const arguments_type&) {
  auto items = elements_of(run, value);
  std::ranges::reverse(items);
  if (value.as_text() == nullptr) return run.list(std::move(items));
  std::string out;
  for (const auto& item : items) out += *item.as_text();
  return run.text(std::move(out));
}

value_type pairs(template_run& run, const value_type& value, const arguments_type&) {
  if (value.is_undefined()) return run.list({});
  const auto* dict = value.as_dict();
  if (dict == nullptr) return run.fail(errc::invalid_request, "filter 'items' needs a mapping");
  values_type out;
  for (const auto& [key, item] : dict->items) {
    out.push_back(run.list({value_type::text(key), item}, true));
  }
  return run.list(std::move(out));
}

// Arguments behind the first so many, for a filter or test that is called by name.
arguments_type rest_of(const arguments_type& arguments, std::size_t skipped) {
  auto rest = arguments;
  const auto count = std::min(skipped, rest.positional.size());
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(count));
  return rest;
}

value_type mapped(template_run& run, const value_type& value, const arguments_type& arguments) {
  values_type out;
  if (arguments.positional.empty()) {
    const auto* attribute = arguments.find(0, "attribute");
    const auto* fallback = arguments.find(1, "default");
    if (attribute == nullptr) return run.fail(errc::invalid_request, "filter 'map' maps nothing");
    for (const auto& item : elements_of(run, value)) {
      auto found = path_of(run, item, *attribute);
      out.push_back(found.is_undefined() && fallback != nullptr ? *fallback : std::move(found));
      if (!run.spend(1)) return {};
    }
    return run.list(std::move(out));
  }
  const auto name = text_of(arguments.positional[0]);
  const auto filter = find_filter(name);
  if (filter == nullptr)
    return run.fail(errc::unsupported, "filter '" + name + "' is not supported");
  const auto rest = rest_of(arguments, 1);
  for (const auto& item : elements_of(run, value)) {
    out.push_back(filter(run, item, rest));
    if (!run.spend(1)) return {};
  }
  return run.list(std::move(out));
}

// select, reject, selectattr, rejectattr: those elements that pass a test, or do not.
template <bool ByAttribute, bool Wanted>
value_type selected(template_run& run, const value_type& value, const arguments_type& arguments) {
  const std::size_t test_index = ByAttribute ? 1 : 0;
  if (ByAttribute && arguments.positional.empty()) {
    return run.fail(errc::invalid_request, "an attribute's name is missing");
  }
  template_test test = nullptr;
  if (arguments.positional.size() > test_index) {
    const auto name = text_of(arguments.positional[test_index]);
    test = find_test(name);
    if (test == nullptr) return run.fail(errc::unsupported, "test '" + name + "' is not supported");
  }
  const auto rest = rest_of(arguments, test_index + 1);
  values_type out;
  for (const auto& item : elements_of(run, value)) {
    const auto subject = ByAttribute ? path_of(run, item, arguments.positional[0]) : item;
    const bool passes = test != nullptr ? test(run, subject, rest) : subject.truthy();
    if (!run.spend(1)) return {};
    if (passes == Wanted) out.push_back(item);
  }
  return run.list(std::move(out));
}

// What sort, unique, min and max compare: an attribute if named, texts without case unless asked.
struct sort_order {
  const value_type* attribute = nullptr;
  bool case_sensitive = false;
  bool reverse = false;
};

value_type sort_key(template_run& run, const value_type& item, const sort_order& order) {
  auto key = order.attribute != nullptr ? path_of(run, item, *order.attribute) : item;
  if (!order.case_sensitive && key.as_text() != nullptr) return run.text(to_lower(*key.as_text()));
  return key;
}

bool flag(const value_type* value) {
  return value != nullptr && value->truthy();
}

values_type sorted_items(template_run& run, values_type items, const sort_order& order) {
  std::vector<std::pair<value_type, value_type>> keyed;
  for (auto& item : items) {
    auto key = sort_key(run, item, order);
    keyed.emplace_back(std::move(key), std::move(item));
  }
  std::size_t weight = 0;
  for (const auto& entry : keyed) weight += entry.first.weight();
  bool comparable = true;
  if (!run.spend(keyed.size() * 16 + weight / 4)) return {};
  for (std::size_t i = 1; i < keyed.size(); ++i)
    less(keyed[i - 1].first, keyed[i].first, comparable);
  if (!comparable) {
    run.fail(errc::invalid_request, "the values cannot be ordered");
    return {};
  }
  std::ranges::stable_sort(keyed, [&](const auto& a, const auto& b) {
    return order.reverse ? less(b.first, a.first, comparable) : less(a.first, b.first, comparable);
  });
  values_type out;
  for (auto& entry : keyed) out.push_back(std::move(entry.second));
  return out;
}

value_type sorted(template_run& run, const value_type& value, const arguments_type& arguments) {
  return run.list(
      sorted_items(run, elements_of(run, value),
                   {arguments.find(2, "attribute"), flag(arguments.find(1, "case_sensitive")),
                    flag(arguments.find(0, "reverse"))}));
}

value_type sorted_pairs(template_run& run, const value_type& value,
                        const arguments_type& arguments) {
  const auto* by = arguments.find(1, "by");
  const auto attribute = value_type::integer(by != nullptr && text_of(*by) == "value" ? 1 : 0);
  const auto list = pairs(run, value, {});
  return run.list(sorted_items(
      run, elements_of(run, list),
      {&attribute, flag(arguments.find(0, "case_sensitive")), flag(arguments.find(2, "reverse"))}));
}

value_type unique(template_run& run, const value_type& value, const arguments_type& arguments) {
  const sort_order order{arguments.find(1, "attribute"), flag(arguments.find(0, "case_sensitive")),
                         false};
  values_type keys, out;
  for (const auto& item : elements_of(run, value)) {
    auto key = sort_key(run, item, order);
    if (!run.spend(keys.size() * (1 + key.weight() / 64))) return {};
    if (std::ranges::any_of(keys, [&](const auto& seen) { return equal(seen, key); })) continue;
    keys.push_back(std::move(key));
    out.push_back(item);
  }
  return run.list(std::move(out));
}

template <bool Largest>
value_type extreme(template_run& run, const value_type& value, const arguments_type& arguments) {
  const auto items = sorted_items(
      run, elements_of(run, value),
      {arguments.find(1, "attribute"), flag(arguments.find(0, "case_sensitive")), Largest});
  return items.empty() ? value_type::undefined("extreme item") : items.front();
}

value_type sum(template_run& run, const value_type& value, const arguments_type& arguments) {
  const auto* attribute = arguments.find(0, "attribute");
  const auto* start = arguments.find(1, "start");
  auto total = start != nullptr ? *start : value_type::integer(0);
  for (const auto& item : elements_of(run, value)) {
    total =
        arithmetic(run, "+", total, attribute != nullptr ? path_of(run, item, *attribute) : item);
    if (run.failed()) return {};
  }
  return total;
}

constexpr auto filters = std::to_array<std::pair<std::string_view, template_filter>>({
    {"length", length},
    {"count", length},
    {"join", joined},
    {"first", first_of},
    {"last", last_of},
    {"list", as_list},
    {"reverse", reversed},
    {"items", pairs},
    {"map", mapped},
    {"select", selected<false, true>},
    {"reject", selected<false, false>},
    {"selectattr", selected<true, true>},
    {"rejectattr", selected<true, false>},
    {"sort", sorted},
    {"dictsort", sorted_pairs},
    {"unique", unique},
    {"min", extreme<false>},
    {"max", extreme<true>},
    {"sum", sum},
});

}  // namespace

template_filter find_list_filter(std::string_view name) {
  for (const auto& [key, filter] : filters) {
    if (key == name) return filter;
  }
  return nullptr;
}

}  // namespace troupe::engine
