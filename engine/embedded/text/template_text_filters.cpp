// Jinja's filters that make or change a text or a number.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "engine/embedded/text/python_string.hpp"
#include "engine/embedded/text/template_builtins.hpp"
#include "engine/embedded/text/template_text.hpp"

namespace troupe::engine {

namespace {

using value_type = template_value;
using arguments_type = template_arguments;

bool flag(const arguments_type& arguments, std::size_t index, std::string_view name) {
  const auto* value = arguments.find(index, name);
  return value != nullptr && value->truthy();
}

template <std::string (*Change)(std::string_view)>
value_type changed(template_run& run, const value_type& value, const arguments_type&) {
  return run.text(Change(text_of(value)));
}

std::string filter_title(std::string_view text) {
  return to_title(text, true);
}

value_type trimmed(template_run& run, const value_type& value, const arguments_type& arguments) {
  const auto* unwanted = arguments.find(0, "chars");
  const auto text = text_of(value);
  if (unwanted == nullptr || unwanted->as_text() == nullptr) {
    return run.text(std::string{strip(text, strip_side::both)});
  }
  return run.text(std::string{strip(text, strip_side::both, *unwanted->as_text())});
}

value_type as_string(template_run& run, const value_type& value, const arguments_type&) {
  return value.as_text() != nullptr ? value : run.text(text_of(value));
}

value_type replaced(template_run& run, const value_type& value, const arguments_type& arguments) {
  const auto *from = arguments.find(0, "old"), *to = arguments.find(1, "new");
  const auto* count = arguments.find(2, "count");
  if (from == nullptr || to == nullptr) {
    return run.fail(errc::invalid_request, "filter 'replace' needs two texts");
  }
  const auto text = text_of(value), wanted = text_of(*from), given = text_of(*to);
  // The longest possible result is checked before it is made.
  const auto places = text.size() / std::max<std::size_t>(wanted.size(), 1) + 1;
  if (given.size() > wanted.size() && !run.spend(places * given.size() / 64)) return {};
  return run.text(replace(text, wanted, given,
                          count != nullptr && count->is_integral() ? count->integral() : -1));
}

value_type indented(template_run& run, const value_type& value, const arguments_type& arguments) {
  const auto* width = arguments.find(0, "width");
  std::string margin(4, ' ');
  if (width != nullptr && width->as_text() != nullptr) margin = *width->as_text();
  if (width != nullptr && width->is_integral()) {
    margin.assign(static_cast<std::size_t>(std::clamp<std::int64_t>(width->integral(), 0, 1000)),
                  ' ');
  }
  const bool first = flag(arguments, 1, "first"), blank = flag(arguments, 2, "blank");
  // A newline at the end makes a last, empty line.
  const auto text = text_of(value) + "\n";
  const auto lines = split_lines(text);
  if (!run.spend(lines.size() * margin.size() / 64)) return {};
  std::string out = first ? margin : "";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += "\n";
    if (i > 0 && (blank || !lines[i].empty())) out += margin;
    out += lines[i];
  }
  return run.text(std::move(out));
}

value_type escaped(template_run& run, const value_type& value, const arguments_type&) {
  auto text = text_of(value);
  constexpr auto entities = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"'", "&#39;"}, {"\"", "&#34;"}});
  for (const auto& [from, to] : entities) text = replace(text, from, to);
  return run.text(std::move(text));
}

value_type as_json(template_run& run, const value_type& value, const arguments_type& arguments) {
  json_style style;
  style.ascii = flag(arguments, 0, "ensure_ascii");
  style.sort_keys = flag(arguments, 3, "sort_keys");
  const auto* indent = arguments.find(1, "indent");
  if (indent != nullptr && indent->is_integral()) {
    style.indent = static_cast<int>(std::clamp<std::int64_t>(indent->integral(), 0, 64));
    style.item_separator = ",";
  }
  const auto* separators = arguments.find(2, "separators");
  if (separators != nullptr && separators->as_list() != nullptr &&
      separators->as_list()->items.size() == 2) {
    style.item_separator = text_of(separators->as_list()->items[0]);
    style.key_separator = text_of(separators->as_list()->items[1]);
  }
  auto text = json_text(value, style);
  if (!text) return run.fail(errc::invalid_request, "filter 'tojson': the value is no JSON");
  return run.text(std::move(*text));
}

// A number at the whole of a text, spaces around it aside.
std::optional<value_type> parse_number(std::string_view text, bool integer) {
  text = strip(text, strip_side::both);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (integer && !text.empty()) {
    const auto result = std::from_chars(text.data(), end, whole);
    if (result.ec == std::errc{} && result.ptr == end) return value_type::integer(whole);
  }
  double number = 0;
  const auto result = std::from_chars(text.data(), end, number);
  if (text.empty() || result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return value_type::number(number);
}

value_type as_integer(template_run& run, const value_type& value, const arguments_type& arguments) {
  const auto* fallback = arguments.find(0, "default");
  std::optional<value_type> number;
  if (value.is_numeric()) number = value;
  if (value.as_text() != nullptr) number = parse_number(*value.as_text(), true);
  if (number && number->is_integral()) return value_type::integer(number->integral());
  if (number && std::fabs(number->floating()) < 9e18) {
    return value_type::integer(static_cast<std::int64_t>(number->floating()));
  }
  if (value.is_undefined() && fallback == nullptr) {
    return run.fail(errc::invalid_request, "'" + value.missing_name() + "' is undefined");
  }
  return fallback != nullptr ? *fallback : value_type::integer(0);
}

value_type as_float(template_run&, const value_type& value, const arguments_type& arguments) {
  const auto* fallback = arguments.find(0, "default");
  if (value.is_numeric()) return value_type::number(value.floating());
  if (value.as_text() != nullptr) {
    if (const auto number = parse_number(*value.as_text(), false)) return *number;
  }
  return fallback != nullptr ? *fallback : value_type::number(0);
}

value_type absolute(template_run& run, const value_type& value, const arguments_type&) {
  if (!value.is_numeric()) return run.fail(errc::invalid_request, "filter 'abs' needs a number");
  if (value.floating() >= 0) return value;
  return arithmetic(run, "-", value_type::integer(0), value);
}

value_type defaulted(template_run&, const value_type& value, const arguments_type& arguments) {
  const bool missing = value.is_undefined() || (flag(arguments, 1, "boolean") && !value.truthy());
  if (!missing) return value;
  const auto* fallback = arguments.find(0, "default_value");
  return fallback != nullptr ? *fallback : value_type::text("");
}

value_type unchanged(template_run&, const value_type& value, const arguments_type&) {
  return value;
}

constexpr auto filters = std::to_array<std::pair<std::string_view, template_filter>>({
    {"trim", trimmed},
    {"upper", changed<to_upper>},
    {"lower", changed<to_lower>},
    {"capitalize", changed<to_capital>},
    {"title", changed<filter_title>},
    {"string", as_string},
    {"replace", replaced},
    {"indent", indented},
    {"escape", escaped},
    {"e", escaped},
    {"tojson", as_json},
    {"int", as_integer},
    {"float", as_float},
    {"abs", absolute},
    {"default", defaulted},
    {"d", defaulted},
    {"safe", unchanged},
});

}  // namespace

template_filter find_text_filter(std::string_view name) {
  for (const auto& [key, filter] : filters) {
    if (key == name) return filter;
  }
  return nullptr;
}

template_filter find_filter(std::string_view name) {
  const auto found = find_text_filter(name);
  return found != nullptr ? found : find_list_filter(name);
}

}  // namespace troupe::engine
