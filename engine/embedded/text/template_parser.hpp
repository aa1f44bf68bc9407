// Parses a chat template's tokens into a tree: statements in template_parser.cpp, expressions in
// template_expressions.cpp.
//
// Errors: malformed_file with line and column; unsupported names a tag, filter or test we lack. The
// first error sticks and moves the parser to the end of the tokens, so that every loop ends.
// Source: the grammar is that of Jinja 3.1's documentation.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/embedded/text/template_lexer.hpp"
#include "engine/embedded/text/template_node.hpp"

namespace troupe::engine {

class template_parser {
 public:
  explicit template_parser(std::vector<template_token> tokens) : tokens_{std::move(tokens)} {}

  // Returns the whole template as a sequence node.
  caf::expected<node_pointer> run();

 private:
  // statements
  node_pointer parse_body(std::initializer_list<std::string_view> ends);
  node_pointer parse_output();
  node_pointer parse_statement();
  node_pointer parse_for();
  node_pointer parse_if();
  node_pointer parse_set();
  node_pointer parse_macro();
  node_pointer parse_call_block();
  node_pointer parse_filter_block();
  node_pointer parse_generation();
  void parse_signature(template_node& macro);
  std::vector<std::string> parse_targets();
  void end_tag(std::string_view name);

  // expressions, loosest first
  node_pointer parse_tuple(bool with_conditional = true);
  node_pointer parse_expression();
  node_pointer parse_or();
  node_pointer parse_and();
  node_pointer parse_not();
  node_pointer parse_comparison();
  node_pointer parse_sum();
  node_pointer parse_concatenation();
  node_pointer parse_product();
  node_pointer parse_power();
  node_pointer parse_unary(bool with_filters = true);
  node_pointer parse_primary();
  node_pointer parse_constant_or_name();
  node_pointer parse_list();
  node_pointer parse_dict();
  node_pointer parse_postfix(node_pointer node);
  node_pointer parse_filters(node_pointer node);
  node_pointer parse_filter(node_pointer input);
  node_pointer parse_test(node_pointer input);
  node_pointer parse_subscript(node_pointer object);
  node_pointer parse_member(node_pointer object);
  void parse_arguments(template_node& call);
  node_pointer parse_left(node_pointer (template_parser::*operand)(),
                          std::initializer_list<std::string_view> operators);

  // tokens
  const template_token& peek(std::size_t ahead = 0) const;
  template_token next();
  bool is_symbol(std::string_view text) const;
  bool is_name(std::string_view text) const;
  bool skip_symbol(std::string_view text);
  bool skip_name(std::string_view text);
  void expect_symbol(std::string_view text);
  std::string expect_name();
  void expect_block_end();

  // nodes
  node_pointer make(node_kind kind) const;
  node_pointer make(node_kind kind, const template_token& at) const;
  void add(template_node& parent, node_pointer child);
  void fail(errc code, const std::string& text);
  bool enter();

  std::vector<template_token> tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  int loops_ = 0;
  caf::error error_;
};

}  // namespace troupe::engine
