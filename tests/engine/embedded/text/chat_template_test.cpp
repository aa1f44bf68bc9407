#include "engine/embedded/text/chat_template.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace troupe::engine {
namespace {

using testing::HasSubstr;
using json = nlohmann::json;

// The text, or the error's.
std::string render(std::string_view source, const json& variables = json::object()) {
  const auto parsed = chat_template::parse(source);
  if (!parsed) return failure_text(parsed.error());
  const auto text = (*parsed)->render(variables);
  return text ? *text : failure_text(text.error());
}

errc code_of(std::string_view source) {
  const auto parsed = chat_template::parse(source);
  return parsed ? errc::timeout : failure_code(parsed.error(), errc::timeout);
}

TEST(chat_template, malformed_sources_name_line_and_column) {
  EXPECT_THAT(render("a\n  {{ x"), HasSubstr("line 2, column 5"));
  EXPECT_THAT(render("{% if x %}"), HasSubstr("'{% endif %}'"));
  EXPECT_THAT(render("\n{% endfor %}"), HasSubstr("line 2, column 4: unexpected tag 'endfor'"));
  EXPECT_THAT(render("{{ 'open }}"), HasSubstr("string does not end"));
  EXPECT_THAT(render("{# open"), HasSubstr("comment does not end"));
  EXPECT_THAT(render("{% raw %} x"), HasSubstr("raw block does not end"));
  EXPECT_THAT(render("{{ a ? b }}"), HasSubstr("unexpected character"));
  EXPECT_THAT(render("{{ ) }}"), HasSubstr("unexpected ')'"));
  EXPECT_THAT(render("{{ a b }}"), HasSubstr("'}}'"));
  EXPECT_THAT(render("{{ f(a=1, 2) }}"), HasSubstr("positional argument after a keyword"));
  EXPECT_THAT(render("{% macro m(a=1, b) %}{% endmacro %}"), HasSubstr("default"));
  EXPECT_THAT(render("{% break %}"), HasSubstr("outside a loop"));
  EXPECT_THAT(render("{% for loop in x %}{% endfor %}"), HasSubstr("cannot assign"));
  EXPECT_THAT(render("{{ }}"), HasSubstr("expected an expression"));
  EXPECT_THAT(render("{{ '\\x4' }}"), HasSubstr("escape"));
  EXPECT_EQ(code_of("{% if %}"), errc::malformed_file);
}

TEST(chat_template, unsupported_constructs_are_named) {
  EXPECT_THAT(render("{% include 'x' %}"), HasSubstr("tag 'include'"));
  EXPECT_THAT(render("{{ x | sparkle }}"), HasSubstr("filter 'sparkle'"));
  EXPECT_THAT(render("{{ x is shiny }}"), HasSubstr("test 'shiny'"));
  EXPECT_THAT(render("{{ f(*x) }}"), HasSubstr("unpacking"));
  EXPECT_THAT(render("{% for i in x recursive %}{% endfor %}"), HasSubstr("recursive"));
  EXPECT_THAT(render("{{ 99999999999999999999 }}"), HasSubstr("64 bits"));
  EXPECT_THAT(render("{{ {1: 2} }}"), HasSubstr("dict keys"));
  EXPECT_EQ(code_of("{% include 'x' %}"), errc::unsupported);
}

TEST(chat_template, errors_while_rendering_say_where) {
  EXPECT_THAT(render("\n{{ x.y }}"), HasSubstr("line 2, column"));
  EXPECT_THAT(render("{{ x.y }}"), HasSubstr("'x' is undefined"));
  EXPECT_EQ(render("{{ raise_exception('roles must alternate') }}"), "roles must alternate");
  EXPECT_THAT(render("{{ 9223372036854775807 + 1 }}"), HasSubstr("64 bits"));
  EXPECT_THAT(render("x", json::array()), HasSubstr("no JSON object"));
  const auto parsed = chat_template::parse("{{ 1 / 0 }}");
  EXPECT_EQ(failure_code((*parsed)->render(json::object()).error(), errc::timeout),
            errc::invalid_request);
}

TEST(chat_template, budgets_end_what_would_not) {
  EXPECT_THAT(render("{% for i in range(1000000000) %}{% endfor %}"), HasSubstr("steps"));
  EXPECT_THAT(render("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}"
                     "{% endfor %}"),
              HasSubstr("steps"));
  EXPECT_THAT(render("{% set n = namespace(s='ab') %}{% for i in range(99) %}"
                     "{% set n.s = n.s ~ n.s %}{% endfor %}"),
              HasSubstr("longer than"));
  EXPECT_THAT(render("{% set n = namespace(s=[1]) %}{% for i in range(99) %}"
                     "{% set n.s = [n.s, n.s] %}{% endfor %}"),
              HasSubstr("too large"));
  EXPECT_THAT(render("{% set n = namespace(s=[1]) %}{% for i in range(999) %}"
                     "{% set n.s = [n.s] %}{% endfor %}"),
              HasSubstr("nested too deep"));
  EXPECT_THAT(render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), HasSubstr("too deep"));
  EXPECT_THAT(render("{{ 'x' * 999999999 }}"), HasSubstr("too long"));
  EXPECT_THAT(render("{{ ['x'] * 999999999 }}"), HasSubstr("steps"));
  const std::string open(5000, '(');
  EXPECT_THAT(render("{{ " + open + "1" + std::string(5000, ')') + " }}"), HasSubstr("too deep"));
  std::string sum = "{{ 1";
  for (int i = 0; i < 5000; ++i) sum += "+1";
  EXPECT_THAT(render(sum + " }}"), HasSubstr("too deep"));
  std::string ifs;
  for (int i = 0; i < 5000; ++i) ifs += "{% if x %}";
  EXPECT_THAT(render(ifs), HasSubstr("too deep"));
  EXPECT_THAT(render(std::string(2U << 20U, 'x')), HasSubstr("longer than"));
  json deep = 1;
  for (int i = 0; i < 300; ++i) deep = json::array({deep});
  EXPECT_THAT(render("{{ x }}", {{"x", deep}}), HasSubstr("nested too deep"));
}

TEST(chat_template, namespaces_that_hold_themselves_are_freed) {
  EXPECT_EQ(render("{% set n = namespace() %}{% set n.me = n %}{% set n.l = [n] %}ok"), "ok");
  EXPECT_EQ(render("{% set n = namespace() %}{% macro m() %}m{% endmacro %}{% set n.f = m %}"
                   "{{ n.f() }}"),
            "m");
}

TEST(chat_template, keeps_the_order_of_keys_it_is_given) {
  const auto parsed = chat_template::parse("{{ tool | tojson }}");
  const auto variables = nlohmann::ordered_json::parse(R"({"tool": {"z": 1, "a": 2}})");
  EXPECT_EQ(*(*parsed)->render(variables), R"({"z": 1, "a": 2})");
}

TEST(chat_template, has_a_date_only_where_it_is_given) {
  const auto* source = "{{ strftime_now('%Y-%m-%d') if strftime_now is defined else 'none' }}";
  EXPECT_EQ(render(source), "none");
  EXPECT_EQ(render(source, {{"now_unix_s", 86400}}), "1970-01-02");
}

}  // namespace
}  // namespace troupe::engine
