#include "engine/embedded/text/template_parser.hpp"

#include <algorithm>

namespace troupe::engine {

caf::expected<node_pointer> template_parser::run() {
  auto root = parse_body({});
  if (!error_ && peek().type != token_type::end) fail(errc::malformed_file, "unexpected tag");
  if (error_) return error_;
  return root;
}

const template_token& template_parser::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

template_token template_parser::next() {
  auto token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool template_parser::is_symbol(std::string_view text) const {
  return peek().type == token_type::symbol && peek().text == text;
}

bool template_parser::is_name(std::string_view text) const {
  return peek().type == token_type::name && peek().text == text;
}

bool template_parser::skip_symbol(std::string_view text) {
  const bool found = is_symbol(text);
  if (found) next();
  return found;
}

bool template_parser::skip_name(std::string_view text) {
  const bool found = is_name(text);
  if (found) next();
  return found;
}

void template_parser::expect_symbol(std::string_view text) {
  if (!skip_symbol(text)) fail(errc::malformed_file, "expected '" + std::string{text} + "'");
}

std::string template_parser::expect_name() {
  if (peek().type != token_type::name) {
    fail(errc::malformed_file, "expected a name");
    return {};
  }
  return next().text;
}

void template_parser::expect_block_end() {
  if (peek().type != token_type::block_end) return fail(errc::malformed_file, "expected '%}'");
  next();
}

node_pointer template_parser::make(node_kind kind) const {
  return make(kind, peek());
}

node_pointer template_parser::make(node_kind kind, const template_token& at) const {
  auto node = std::make_unique<template_node>();
  node->kind = kind;
  node->line = at.line;
  node->column = at.column;
  return node;
}

void template_parser::add(template_node& parent, node_pointer child) {
  if (child) parent.depth = std::max(parent.depth, child->depth + 1);
  if (parent.depth > template_depth_max) fail(errc::unsupported, "the template is nested too deep");
  parent.children.push_back(std::move(child));
}

void template_parser::fail(errc code, const std::string& text) {
  if (!error_) error_ = template_failure(code, peek().line, peek().column, text);
  at_ = tokens_.size() - 1;
}

// Guards the recursion of the parser itself; the caller leaves by --nesting_.
bool template_parser::enter() {
  if (++nesting_ <= template_depth_max) return true;
  fail(errc::unsupported, "the template is nested too deep");
  return false;
}

// Statements up to one of the end tags, whose name is left to be read; without ends, all of them.
node_pointer template_parser::parse_body(std::initializer_list<std::string_view> ends) {
  auto body = make(node_kind::sequence);
  enter();
  while (!error_ && peek().type != token_type::end) {
    if (peek().type == token_type::data) {
      auto data = make(node_kind::data);
      data->text = next().text;
      add(*body, std::move(data));
    } else if (peek().type == token_type::variable_begin) {
      add(*body, parse_output());
    } else {
      next();
      if (peek().type == token_type::name &&
          std::ranges::find(ends, std::string_view{peek().text}) != ends.end()) {
        --nesting_;
        return body;
      }
      add(*body, parse_statement());
    }
  }
  if (ends.size() > 0) {
    fail(errc::malformed_file, "expected '{% " + std::string{*(ends.end() - 1)} + " %}'");
  }
  --nesting_;
  return body;
}

node_pointer template_parser::parse_output() {
  auto node = make(node_kind::output, next());
  add(*node, parse_tuple());
  if (peek().type != token_type::variable_end) {
    fail(errc::malformed_file, "expected '}}'");
  }
  next();
  return node;
}

void template_parser::end_tag(std::string_view name) {
  if (!skip_name(name)) fail(errc::malformed_file, "expected '" + std::string{name} + "'");
  expect_block_end();
}

node_pointer template_parser::parse_statement() {
  const auto start = peek();
  if (skip_name("for")) return parse_for();
  if (skip_name("if")) return parse_if();
  if (skip_name("set")) return parse_set();
  if (skip_name("macro")) return parse_macro();
  if (skip_name("call")) return parse_call_block();
  if (skip_name("filter")) return parse_filter_block();
  if (skip_name("generation")) return parse_generation();
  if (is_name("break") || is_name("continue")) {
    if (loops_ == 0) fail(errc::malformed_file, "'" + start.text + "' outside a loop");
    auto node = make(is_name("break") ? node_kind::break_loop : node_kind::continue_loop);
    next();
    expect_block_end();
    return node;
  }
  if (start.type != token_type::name) {
    fail(errc::malformed_file, "expected the name of a tag");
  } else if (start.text.starts_with("end") || start.text == "else" || start.text == "elif") {
    fail(errc::malformed_file, "unexpected tag '" + start.text + "'");
  } else {
    fail(errc::unsupported, "tag '" + start.text + "' is not supported");
  }
  return make(node_kind::sequence);
}

node_pointer template_parser::parse_for() {
  auto node = make(node_kind::loop);
  node->names = parse_targets();
  if (!skip_name("in")) fail(errc::malformed_file, "expected 'in'");
  add(*node, parse_tuple(false));
  add(*node, skip_name("if") ? parse_expression() : nullptr);
  if (is_name("recursive")) fail(errc::unsupported, "recursive loops are not supported");
  expect_block_end();
  ++loops_;
  add(*node, parse_body({"else", "endfor"}));
  --loops_;
  if (skip_name("else")) {
    expect_block_end();
    add(*node, parse_body({"endfor"}));
  } else {
    add(*node, nullptr);
  }
  end_tag("endfor");
  return node;
}

// One name, or several with commas, in brackets or not.
std::vector<std::string> template_parser::parse_targets() {
  std::vector<std::string> names;
  const bool in_brackets = skip_symbol("(");
  do {
    if (!names.empty() && peek().type != token_type::name) break;
    names.push_back(expect_name());
  } while (!error_ && skip_symbol(","));
  if (in_brackets) expect_symbol(")");
  for (const auto& name : names) {
    if (name == "true" || name == "false" || name == "none" || name == "loop") {
      fail(errc::malformed_file, "cannot assign to '" + name + "'");
    }
  }
  return names;
}

node_pointer template_parser::parse_if() {
  auto node = make(node_kind::branch);
  do {
    add(*node, parse_tuple());
    expect_block_end();
    add(*node, parse_body({"elif", "else", "endif"}));
  } while (!error_ && skip_name("elif"));
  if (skip_name("else")) {
    expect_block_end();
    add(*node, parse_body({"endif"}));
  }
  end_tag("endif");
  return node;
}

node_pointer template_parser::parse_set() {
  const auto start = peek();
  if (peek(1).type == token_type::symbol && peek(1).text == ".") {
    auto node = make(node_kind::assign_field);
    node->names.push_back(expect_name());
    next();
    node->names.push_back(expect_name());
    expect_symbol("=");
    add(*node, parse_tuple());
    expect_block_end();
    return node;
  }
  auto names = parse_targets();
  const bool plain = skip_symbol("=");
  auto node = make(plain ? node_kind::assign : node_kind::assign_block, start);
  node->names = std::move(names);
  if (plain) {
    add(*node, parse_tuple());
    expect_block_end();
    return node;
  }
  if (node->names.size() != 1) fail(errc::malformed_file, "a block set has one target");
  auto filters = is_symbol("|") ? parse_filters(nullptr) : nullptr;
  expect_block_end();
  add(*node, parse_body({"endset"}));
  add(*node, std::move(filters));
  end_tag("endset");
  return node;
}

// "(a, b=1)": parameter names, and defaults of the last ones.
void template_parser::parse_signature(template_node& macro) {
  expect_symbol("(");
  while (!error_ && !is_symbol(")")) {
    if (!macro.names.empty()) expect_symbol(",");
    if (is_symbol(")")) break;
    macro.names.push_back(expect_name());
    if (skip_symbol("=")) {
      add(macro, parse_expression());
    } else if (macro.children.size() > 1) {
      fail(errc::malformed_file, "a parameter without default follows one with a default");
    }
  }
  expect_symbol(")");
}

node_pointer template_parser::parse_macro() {
  auto node = make(node_kind::macro);
  node->text = expect_name();
  node->children.push_back(nullptr);  // the body, once the defaults are known
  parse_signature(*node);
  expect_block_end();
  const auto loops = std::exchange(loops_, 0);
  add(*node, parse_body({"endmacro"}));
  std::swap(node->children.front(), node->children.back());
  node->children.pop_back();
  loops_ = loops;
  end_tag("endmacro");
  return node;
}

node_pointer template_parser::parse_call_block() {
  auto node = make(node_kind::call_block);
  auto macro = make(node_kind::macro);
  macro->text = "caller";
  macro->children.push_back(nullptr);
  if (is_symbol("(")) parse_signature(*macro);
  auto call = parse_expression();
  if (call->kind != node_kind::call) fail(errc::malformed_file, "expected a call");
  add(*node, std::move(call));
  expect_block_end();
  const auto loops = std::exchange(loops_, 0);
  add(*macro, parse_body({"endcall"}));
  std::swap(macro->children.front(), macro->children.back());
  macro->children.pop_back();
  loops_ = loops;
  add(*node, std::move(macro));
  end_tag("endcall");
  return node;
}

node_pointer template_parser::parse_filter_block() {
  auto node = make(node_kind::filter_block);
  add(*node, parse_filters(parse_filter(nullptr)));
  expect_block_end();
  add(*node, parse_body({"endfilter"}));
  end_tag("endfilter");
  return node;
}

// Hugging Face's mark around what an assistant wrote, for training; it prints its body.
node_pointer template_parser::parse_generation() {
  expect_block_end();
  auto body = parse_body({"endgeneration"});
  end_tag("endgeneration");
  return body;
}

}  // namespace troupe::engine
