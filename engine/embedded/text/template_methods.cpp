// Global functions, and the methods of texts, lists, dicts and loops.
#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "engine/embedded/text/python_string.hpp"
#include "engine/embedded/text/template_builtins.hpp"
#include "engine/embedded/text/template_text.hpp"

namespace troupe::engine {

namespace {

using value_type = template_value;
using arguments_type = template_arguments;
using values_type = std::vector<template_value>;

value_type missing(template_run& run, std::string_view name) {
  return run.fail(errc::invalid_request,
                  "'" + std::string{name} + "' lacks an argument, or has one of a wrong type");
}

// globals

value_type call_range(template_run& run, const arguments_type& arguments) {
  std::array<std::int64_t, 3> bounds{0, 0, 1};
  const auto count = arguments.positional.size();
  if (count < 1 || count > 3) return missing(run, "range");
  for (std::size_t i = 0; i < count; ++i) {
    if (!arguments.positional[i].is_integral()) return missing(run, "range");
    bounds[count == 1 ? 1 : i] = arguments.positional[i].integral();
  }
  const auto [start, stop, step] = bounds;
  if (step == 0) return run.fail(errc::invalid_request, "range() with a step of zero");
  values_type out;
  for (auto i = start; step > 0 ? i < stop : i > stop;) {
    if (!run.spend(1)) return {};
    out.push_back(value_type::integer(i));
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return run.list(std::move(out));
}

template_dict call_dict(const arguments_type& arguments) {
  template_dict out;
  if (!arguments.positional.empty() && arguments.positional[0].as_dict() != nullptr) {
    out = *arguments.positional[0].as_dict();
  }
  for (const auto& [name, value] : arguments.named) out.put(name, value);
  return out;
}

value_type call_strftime(template_run& run, const arguments_type& arguments) {
  const auto* format = arguments.find(0, "format");
  if (format == nullptr || format->as_text() == nullptr) return missing(run, "strftime_now");
  const auto now = static_cast<std::time_t>(run.now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 256> buffer;
  const auto bytes =
      std::strftime(buffer.data(), buffer.size(), format->as_text()->c_str(), &parts);
  return run.text(std::string{buffer.data(), bytes});
}

constexpr std::array<std::string_view, 5> builtins{"range", "namespace", "dict", "raise_exception",
                                                   "strftime_now"};

// methods

const std::string* text_argument(const arguments_type& arguments, std::size_t index,
                                 std::string_view name) {
  const auto* value = arguments.find(index, name);
  return value != nullptr ? value->as_text() : nullptr;
}

value_type call_strip(template_run& run, const std::string& self, std::string_view name,
                      const arguments_type& arguments) {
  const auto side = name == "strip"    ? strip_side::both
                    : name == "lstrip" ? strip_side::left
                                       : strip_side::right;
  const auto* unwanted = text_argument(arguments, 0, "chars");
  if (unwanted == nullptr) return run.text(std::string{strip(self, side)});
  return run.text(std::string{strip(self, side, *unwanted)});
}

value_type texts(template_run& run, const std::vector<std::string_view>& parts) {
  values_type out;
  for (const auto part : parts) out.push_back(value_type::text(std::string{part}));
  return run.list(std::move(out));
}

value_type call_split(template_run& run, const std::string& self, std::string_view name,
                      const arguments_type& arguments) {
  const auto* separator = text_argument(arguments, 0, "sep");
  const auto* limit = arguments.find(1, "maxsplit");
  if (!run.spend(self.size() / 4)) return {};
  if (separator != nullptr && separator->empty()) return missing(run, "split");
  return texts(
      run,
      split(self, separator != nullptr ? std::optional<std::string_view>{*separator} : std::nullopt,
            limit != nullptr && limit->is_integral() ? limit->integral() : -1, name == "rsplit"));
}

// startswith and endswith, with one text or a tuple of them.
value_type call_affix(template_run& run, const std::string& self, std::string_view name,
                      const arguments_type& arguments) {
  const auto* wanted = arguments.find(0, "prefix");
  if (wanted == nullptr) return missing(run, name);
  const auto matches = [&](const value_type& affix) {
    if (affix.as_text() == nullptr) return false;
    return name == "startswith" ? self.starts_with(*affix.as_text())
                                : self.ends_with(*affix.as_text());
  };
  if (const auto* list = wanted->as_list()) {
    return value_type::boolean(std::ranges::any_of(list->items, matches));
  }
  return wanted->as_text() != nullptr ? value_type::boolean(matches(*wanted)) : missing(run, name);
}

value_type call_removal(template_run& run, const std::string& self, std::string_view name,
                        const arguments_type& arguments) {
  const auto* affix = text_argument(arguments, 0, "affix");
  if (affix == nullptr) return missing(run, name);
  if (name == "removeprefix" && self.starts_with(*affix))
    return run.text(self.substr(affix->size()));
  if (name == "removesuffix" && self.ends_with(*affix)) {
    return run.text(self.substr(0, self.size() - affix->size()));
  }
  return run.text(self);
}

// find, rfind, index and count of a part; positions are in characters.
value_type call_search(template_run& run, const std::string& self, std::string_view name,
                       const arguments_type& arguments) {
  const auto* part = text_argument(arguments, 0, "sub");
  if (part == nullptr || !run.spend(self.size() / 16)) return missing(run, name);
  if (name == "count") {
    const auto count = part->empty() ? character_count(self) + 1 : split(self, *part).size() - 1;
    return value_type::integer(static_cast<std::int64_t>(count));
  }
  const auto at = name == "rfind" ? self.rfind(*part) : self.find(*part);
  if (at != std::string::npos) {
    return value_type::integer(
        static_cast<std::int64_t>(character_count(std::string_view{self}.substr(0, at))));
  }
  if (name == "index") return run.fail(errc::invalid_request, "the part is not in the text");
  return value_type::integer(-1);
}

bool all_of_class(const std::string& self, std::string_view name) {
  const auto in_class = [&](std::string_view character) {
    const auto c = static_cast<unsigned char>(character[0]);
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c | 32U) >= 'a' && (c | 32U) <= 'z';
    if (name == "isdigit") return digit;
    if (name == "isalpha") return letter || c >= 0x80;
    if (name == "isspace") return strip(character, strip_side::both).empty();
    return letter || digit || c >= 0x80;
  };
  return !self.empty() && std::ranges::all_of(characters(self), in_class);
}

constexpr auto text_methods = std::to_array<std::string_view>(
    {"strip",      "lstrip",  "rstrip",  "split",   "rsplit",       "startswith",
     "endswith",   "upper",   "lower",   "title",   "replace",      "capitalize",
     "splitlines", "join",    "find",    "rfind",   "index",        "count",
     "isdigit",    "isalpha", "isspace", "isalnum", "removeprefix", "removesuffix"});
constexpr auto dict_methods = std::to_array<std::string_view>({"items", "keys", "values", "get"});
constexpr auto list_methods = std::to_array<std::string_view>({"index", "count"});

value_type call_text_method(template_run& run, const value_type& value, std::string_view name,
                            const arguments_type& arguments) {
  const auto& self = *value.as_text();
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    return call_strip(run, self, name, arguments);
  }
  if (name == "split" || name == "rsplit") return call_split(run, self, name, arguments);
  if (name == "startswith" || name == "endswith") return call_affix(run, self, name, arguments);
  if (name.starts_with("remove")) return call_removal(run, self, name, arguments);
  if (name == "upper") return run.text(to_upper(self));
  if (name == "lower") return run.text(to_lower(self));
  if (name == "title") return run.text(to_title(self, false));
  if (name == "capitalize") return run.text(to_capital(self));
  if (name == "splitlines") return texts(run, split_lines(self));
  if (name == "replace") return find_filter("replace")(run, value, arguments);
  if (name == "join") {
    if (arguments.positional.size() != 1) return missing(run, name);
    const arguments_type glue{{value}, {}};
    return find_filter("join")(run, arguments.positional[0], glue);
  }
  if (name.starts_with("is")) return value_type::boolean(all_of_class(self, name));
  return call_search(run, self, name, arguments);
}

value_type call_dict_method(template_run& run, const value_type& value, std::string_view name,
                            const arguments_type& arguments) {
  if (name == "items") return find_filter("items")(run, value, {});
  if (name == "keys") return run.list(elements_of(run, value));
  if (name == "values") {
    values_type out;
    for (const auto& item : value.as_dict()->items) out.push_back(item.second);
    return run.list(std::move(out));
  }
  const auto *key = arguments.find(0, "key"), *fallback = arguments.find(1, "default");
  if (key == nullptr) return missing(run, name);
  const auto* found = key->as_text() != nullptr ? value.as_dict()->find(*key->as_text()) : nullptr;
  if (found != nullptr) return *found;
  return fallback != nullptr ? *fallback : value_type::none();
}

value_type call_list_method(template_run& run, const value_type& value, std::string_view name,
                            const arguments_type& arguments) {
  if (arguments.positional.size() != 1) return missing(run, name);
  const auto& items = value.as_list()->items;
  const auto is_wanted = [&](const auto& item) { return equal(item, arguments.positional[0]); };
  if (!run.spend(items.size())) return {};
  if (name == "count") return value_type::integer(std::ranges::count_if(items, is_wanted));
  const auto found = std::ranges::find_if(items, is_wanted);
  if (found != items.end()) return value_type::integer(found - items.begin());
  return run.fail(errc::invalid_request, "the value is not in the list");
}

}  // namespace

bool is_builtin(std::string_view name) {
  return std::ranges::find(builtins, name) != builtins.end();
}

value_type call_builtin(template_run& run, std::string_view name, const arguments_type& arguments) {
  if (name == "range") return call_range(run, arguments);
  if (name == "namespace") return run.space(call_dict(arguments));
  if (name == "dict") return run.dict(call_dict(arguments));
  if (name == "strftime_now") return call_strftime(run, arguments);
  const auto* message = arguments.find(0, "message");
  return run.raise(message != nullptr ? text_of(*message) : "the chat template raised an error");
}

bool has_method(const template_value& self, std::string_view name) {
  const auto among = [&](const auto& names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (self.as_text() != nullptr) return among(text_methods);
  if (self.as_dict() != nullptr) return among(dict_methods);
  if (self.as_list() != nullptr) return among(list_methods);
  return self.as_loop() != nullptr && name == "cycle";
}

value_type call_method(template_run& run, const value_type& self, std::string_view name,
                       const arguments_type& arguments) {
  if (self.as_text() != nullptr) return call_text_method(run, self, name, arguments);
  if (self.as_dict() != nullptr) return call_dict_method(run, self, name, arguments);
  if (self.as_list() != nullptr) return call_list_method(run, self, name, arguments);
  if (arguments.positional.empty()) return missing(run, name);
  return arguments.positional[self.as_loop()->index % arguments.positional.size()];
}

}  // namespace troupe::engine
