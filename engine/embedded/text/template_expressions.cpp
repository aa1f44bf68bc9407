// The expression half of template_parser.
#include <array>
#include <charconv>
#include <cstdlib>

#include "engine/embedded/text/template_builtins.hpp"
#include "engine/embedded/text/template_parser.hpp"

namespace troupe::engine {

node_pointer template_parser::parse_tuple(bool with_conditional) {
  const auto start = peek();
  const auto element = [&] { return with_conditional ? parse_expression() : parse_or(); };
  auto first = element();
  if (!is_symbol(",")) return first;
  auto tuple = make(node_kind::tuple, start);
  add(*tuple, std::move(first));
  while (!error_ && skip_symbol(",")) {
    const auto type = peek().type;
    if (type == token_type::block_end || type == token_type::variable_end || is_symbol(")")) break;
    add(*tuple, element());
  }
  return tuple;
}

node_pointer template_parser::parse_expression() {
  if (!enter()) {
    --nesting_;
    return make(node_kind::constant);
  }
  auto value = parse_or();
  while (!error_ && is_name("if")) {
    auto node = make(node_kind::conditional, next());
    add(*node, parse_or());
    add(*node, std::move(value));
    add(*node, skip_name("else") ? parse_expression() : nullptr);
    value = std::move(node);
  }
  --nesting_;
  return value;
}

node_pointer template_parser::parse_or() {
  auto left = parse_and();
  while (!error_ && is_name("or")) {
    auto node = make(node_kind::disjunction, next());
    add(*node, std::move(left));
    add(*node, parse_and());
    left = std::move(node);
  }
  return left;
}

node_pointer template_parser::parse_and() {
  auto left = parse_not();
  while (!error_ && is_name("and")) {
    auto node = make(node_kind::conjunction, next());
    add(*node, std::move(left));
    add(*node, parse_not());
    left = std::move(node);
  }
  return left;
}

node_pointer template_parser::parse_not() {
  if (!is_name("not")) return parse_comparison();
  auto node = make(node_kind::negation, next());
  if (enter()) add(*node, parse_not());
  --nesting_;
  return node;
}

node_pointer template_parser::parse_comparison() {
  constexpr std::array<std::string_view, 6> operators{"==", "!=", "<", "<=", ">", ">="};
  auto first = parse_sum();
  node_pointer node;
  while (!error_) {
    std::string name;
    for (const auto candidate : operators) {
      if (is_symbol(candidate)) name = candidate;
    }
    if (is_name("in")) name = "in";
    if (is_name("not") && peek(1).type == token_type::name && peek(1).text == "in") name = "not in";
    if (name.empty()) break;
    if (!node) {
      node = make(node_kind::comparison);
      add(*node, std::move(first));
    }
    next();
    if (name == "not in") next();
    node->names.push_back(name);
    add(*node, parse_sum());
  }
  return node ? std::move(node) : std::move(first);
}

// Left-associative operators of one level.
node_pointer template_parser::parse_left(node_pointer (template_parser::*operand)(),
                                         std::initializer_list<std::string_view> operators) {
  auto left = (this->*operand)();
  while (!error_) {
    bool found = false;
    for (const auto name : operators) found = found || is_symbol(name);
    if (!found) break;
    auto node = make(node_kind::arithmetic);
    node->text = next().text;
    add(*node, std::move(left));
    add(*node, (this->*operand)());
    left = std::move(node);
  }
  return left;
}

node_pointer template_parser::parse_sum() {
  return parse_left(&template_parser::parse_concatenation, {"+", "-"});
}

node_pointer template_parser::parse_concatenation() {
  return parse_left(&template_parser::parse_product, {"~"});
}

node_pointer template_parser::parse_product() {
  return parse_left(&template_parser::parse_power, {"*", "/", "//", "%"});
}

node_pointer template_parser::parse_power() {
  auto left = parse_unary();
  while (!error_ && is_symbol("**")) {
    auto node = make(node_kind::arithmetic);
    node->text = next().text;
    add(*node, std::move(left));
    add(*node, parse_unary());
    left = std::move(node);
  }
  return left;
}

node_pointer template_parser::parse_unary(bool with_filters) {
  node_pointer node;
  if (is_symbol("-") || is_symbol("+")) {
    const auto sign = next();
    node = make(sign.text == "-" ? node_kind::negate : node_kind::posate, sign);
    if (enter()) add(*node, parse_unary(false));
    --nesting_;
  } else {
    node = parse_postfix(parse_primary());
  }
  return with_filters ? parse_filters(std::move(node)) : std::move(node);
}

node_pointer template_parser::parse_primary() {
  if (peek().type == token_type::symbol) {
    if (skip_symbol("(")) {
      auto inner = is_symbol(")") ? make(node_kind::tuple) : parse_tuple();
      expect_symbol(")");
      return inner;
    }
    if (is_symbol("[")) return parse_list();
    if (is_symbol("{")) return parse_dict();
    fail(errc::malformed_file, "unexpected '" + peek().text + "'");
  }
  return parse_constant_or_name();
}

node_pointer template_parser::parse_constant_or_name() {
  const auto token = next();
  auto node = make(node_kind::constant, token);
  if (token.type == token_type::string) {
    auto text = token.text;
    while (peek().type == token_type::string) text += next().text;
    node->value = template_value::text(std::move(text));
  } else if (token.type == token_type::integer) {
    std::int64_t value = 0;
    const auto* end = token.text.data() + token.text.size();
    if (std::from_chars(token.text.data(), end, value).ec != std::errc{}) {
      fail(errc::unsupported, "integer beyond 64 bits");
    }
    node->value = template_value::integer(value);
  } else if (token.type == token_type::floating) {
    double value = 0;
    std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    node->value = template_value::number(value);
  } else if (token.type != token_type::name) {
    fail(errc::malformed_file, "expected an expression");
  } else if (token.text == "true" || token.text == "True") {
    node->value = template_value::boolean(true);
  } else if (token.text == "false" || token.text == "False") {
    node->value = template_value::boolean(false);
  } else if (token.text == "none" || token.text == "None") {
    node->value = template_value::none();
  } else {
    node->kind = node_kind::name;
    node->text = token.text;
  }
  return node;
}

node_pointer template_parser::parse_list() {
  auto node = make(node_kind::list, next());
  while (!error_ && !is_symbol("]")) {
    if (!node->children.empty()) expect_symbol(",");
    if (is_symbol("]")) break;
    add(*node, parse_expression());
  }
  expect_symbol("]");
  return node;
}

node_pointer template_parser::parse_dict() {
  auto node = make(node_kind::dict, next());
  while (!error_ && !is_symbol("}")) {
    if (!node->children.empty()) expect_symbol(",");
    if (is_symbol("}")) break;
    add(*node, parse_expression());
    expect_symbol(":");
    add(*node, parse_expression());
  }
  expect_symbol("}");
  return node;
}

node_pointer template_parser::parse_postfix(node_pointer node) {
  while (!error_) {
    if (is_symbol(".")) {
      node = parse_member(std::move(node));
    } else if (is_symbol("[")) {
      node = parse_subscript(std::move(node));
    } else if (is_symbol("(")) {
      auto call = make(node_kind::call);
      add(*call, std::move(node));
      parse_arguments(*call);
      node = std::move(call);
    } else {
      break;
    }
  }
  return node;
}

node_pointer template_parser::parse_member(node_pointer object) {
  auto node = make(node_kind::attribute, next());
  add(*node, std::move(object));
  if (peek().type == token_type::integer) {
    node->kind = node_kind::item;
    add(*node, parse_constant_or_name());
  } else {
    node->text = expect_name();
  }
  return node;
}

node_pointer template_parser::parse_subscript(node_pointer object) {
  auto node = make(node_kind::item, next());
  add(*node, std::move(object));
  for (int bound = 0; bound < 3 && !error_; ++bound) {
    if (is_symbol("]") || is_symbol(":")) {
      add(*node, nullptr);
    } else {
      add(*node, parse_tuple());
    }
    if (!skip_symbol(":")) break;
    node->kind = node_kind::slice;
  }
  if (node->kind == node_kind::slice) node->children.resize(4);
  if (node->kind == node_kind::item && !error_ && !node->children[1]) {
    fail(errc::malformed_file, "expected an index");
  }
  expect_symbol("]");
  return node;
}

// "(a, b, name=c)"; positional arguments come first.
void template_parser::parse_arguments(template_node& call) {
  bool keywords = false;
  expect_symbol("(");
  for (bool first = true; !error_ && !is_symbol(")"); first = false) {
    if (!first) expect_symbol(",");
    if (is_symbol(")")) break;
    if (is_symbol("*") || is_symbol("**")) {
      return fail(errc::unsupported, "argument unpacking is not supported");
    }
    if (peek().type == token_type::name && peek(1).type == token_type::symbol &&
        peek(1).text == "=") {
      auto keyword = make(node_kind::keyword);
      keyword->text = next().text;
      next();
      add(*keyword, parse_expression());
      add(call, std::move(keyword));
      keywords = true;
    } else {
      if (keywords) fail(errc::malformed_file, "positional argument after a keyword");
      add(call, parse_expression());
    }
  }
  expect_symbol(")");
}

// Filters, tests and calls after an operand; they bind tighter than any operator.
node_pointer template_parser::parse_filters(node_pointer node) {
  while (!error_) {
    if (skip_symbol("|")) {
      node = parse_filter(std::move(node));
    } else if (is_name("is")) {
      node = parse_test(std::move(node));
    } else if (is_symbol("(") && node) {
      node = parse_postfix(std::move(node));
    } else {
      break;
    }
  }
  return node;
}

node_pointer template_parser::parse_filter(node_pointer input) {
  auto node = make(node_kind::filter);
  add(*node, std::move(input));
  node->text = expect_name();
  if (!error_ && find_filter(node->text) == nullptr) {
    --at_;
    fail(errc::unsupported, "filter '" + node->text + "' is not supported");
  }
  if (is_symbol("(")) parse_arguments(*node);
  return node;
}

node_pointer template_parser::parse_test(node_pointer input) {
  const auto start = next();
  const bool negated = skip_name("not");
  auto node = make(node_kind::test, start);
  add(*node, std::move(input));
  node->text = expect_name();
  if (!error_ && find_test(node->text) == nullptr) {
    --at_;
    fail(errc::unsupported, "test '" + node->text + "' is not supported");
  }
  const auto& token = peek();
  constexpr std::array<std::string_view, 7> followers{"else", "or", "and", "if", "is", "not", "in"};
  bool bare = token.type == token_type::integer || token.type == token_type::floating ||
              token.type == token_type::string || is_symbol("[") || is_symbol("{") ||
              token.type == token_type::name;
  for (const auto name : followers) bare = bare && !is_name(name);
  if (is_symbol("(")) {
    parse_arguments(*node);
  } else if (bare) {
    add(*node, parse_postfix(parse_primary()));
  }
  if (!negated) return node;
  auto negation = make(node_kind::negation, start);
  add(*negation, std::move(node));
  return negation;
}

}  // namespace troupe::engine
