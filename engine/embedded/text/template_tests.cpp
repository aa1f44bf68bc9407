// Jinja's tests: what may follow `is`.
#include <array>
#include <utility>

#include "engine/embedded/text/python_string.hpp"
#include "engine/embedded/text/template_builtins.hpp"

namespace troupe::engine {

namespace {

using value_type = template_value;
using arguments_type = template_arguments;

// The argument of a test like `eq`; fails the run where it is missing.
value_type operand(template_run& run, const arguments_type& arguments) {
  const auto* value = arguments.find(0, "other");
  return value != nullptr ? *value : run.fail(errc::invalid_request, "a test lacks its argument");
}

template <char First, char Second = 0>
bool compares(template_run& run, const value_type& value, const arguments_type& arguments) {
  constexpr char name[] = {First, Second};
  return compare(run, {name, Second == 0 ? 1U : 2U}, value, operand(run, arguments));
}

template <int Rest>
bool has_parity(template_run& run, const value_type& value, const arguments_type&) {
  const auto rest = arithmetic(run, "%", value, value_type::integer(2));
  return rest.is_numeric() && rest.floating() == Rest;
}

bool is_divisible(template_run& run, const value_type& value, const arguments_type& arguments) {
  const auto rest = arithmetic(run, "%", value, operand(run, arguments));
  return rest.is_numeric() && rest.floating() == 0;
}

bool is_in(template_run& run, const value_type& value, const arguments_type& arguments) {
  return contains(run, operand(run, arguments), value);
}

bool is_same(template_run& run, const value_type& value, const arguments_type& arguments) {
  const auto other = operand(run, arguments);
  return value.type_name() == other.type_name() && equal(value, other);
}

bool is_container(const value_type& value) {
  return value.is_undefined() || value.as_text() || value.as_list() || value.as_dict();
}

bool has_case(const value_type& value, std::string (*change)(std::string_view)) {
  const auto* text = value.as_text();
  return text != nullptr && to_upper(*text) != to_lower(*text) && change(*text) == *text;
}

#define TROUPE_PLAIN_TEST(condition) \
  [](template_run&, const value_type& v, const arguments_type&) -> bool { return condition; }

constexpr auto tests = std::to_array<std::pair<std::string_view, template_test>>({
    {"defined", TROUPE_PLAIN_TEST(!v.is_undefined())},
    {"undefined", TROUPE_PLAIN_TEST(v.is_undefined())},
    {"none", TROUPE_PLAIN_TEST(v.is_none())},
    {"string", TROUPE_PLAIN_TEST(v.as_text() != nullptr)},
    {"mapping", TROUPE_PLAIN_TEST(v.as_dict() != nullptr)},
    {"iterable", TROUPE_PLAIN_TEST(is_container(v) || v.as_loop() != nullptr)},
    {"sequence", TROUPE_PLAIN_TEST(is_container(v))},
    {"number", TROUPE_PLAIN_TEST(v.is_numeric())},
    {"integer", TROUPE_PLAIN_TEST(v.as_integer() != nullptr)},
    {"float", TROUPE_PLAIN_TEST(v.as_number() != nullptr)},
    {"boolean", TROUPE_PLAIN_TEST(v.as_boolean() != nullptr)},
    {"true", TROUPE_PLAIN_TEST(v.as_boolean() != nullptr && *v.as_boolean())},
    {"false", TROUPE_PLAIN_TEST(v.as_boolean() != nullptr && !*v.as_boolean())},
    {"callable", TROUPE_PLAIN_TEST(v.as_function() != nullptr || v.is_undefined())},
    {"lower", TROUPE_PLAIN_TEST(has_case(v, to_lower))},
    {"upper", TROUPE_PLAIN_TEST(has_case(v, to_upper))},
    {"odd", has_parity<1>},
    {"even", has_parity<0>},
    {"divisibleby", is_divisible},
    {"in", is_in},
    {"sameas", is_same},
    {"eq", compares<'=', '='>},
    {"==", compares<'=', '='>},
    {"equalto", compares<'=', '='>},
    {"ne", compares<'!', '='>},
    {"!=", compares<'!', '='>},
    {"lt", compares<'<'>},
    {"<", compares<'<'>},
    {"lessthan", compares<'<'>},
    {"le", compares<'<', '='>},
    {"<=", compares<'<', '='>},
    {"gt", compares<'>'>},
    {">", compares<'>'>},
    {"greaterthan", compares<'>'>},
    {"ge", compares<'>', '='>},
    {">=", compares<'>', '='>},
});

#undef TROUPE_PLAIN_TEST

}  // namespace

template_test find_test(std::string_view name) {
  for (const auto& [key, test] : tests) {
    if (key == name) return test;
  }
  return nullptr;
}

}  // namespace troupe::engine
