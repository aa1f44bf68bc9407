// The syntax tree of a chat template.
//
// Bounds: a tree is at most template_depth_max deep, so that walking it and destroying it cannot
// exhaust the stack; the parser sees to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/embedded/text/template_value.hpp"

namespace troupe::engine {

constexpr int template_depth_max = 150;

// Children and texts by kind; "body" is a sequence node.
enum class node_kind : std::uint8_t {
  // expressions
  constant,     // value
  name,         // text
  list,         // elements
  tuple,        // elements
  dict,         // key, value, key, value, …
  attribute,    // object; text
  item,         // object, index
  slice,        // object, start, stop, step; a missing bound is null
  call,         // callee, arguments
  filter,       // input, arguments; text. The input is null in front of a filter block
  test,         // input, arguments; text
  keyword,      // value; text: the argument's name
  negate,       // operand
  posate,       // operand
  negation,     // operand (not)
  arithmetic,   // left, right; text: the operator
  comparison,   // first, second, …; names: one operator for each but the first
  conjunction,  // left, right
  disjunction,  // left, right
  conditional,  // condition, then, else or null
  // statements
  sequence,      // statements
  data,          // text
  output,        // expression
  loop,          // iterable, condition or null, body, else body or null; names: targets
  branch,        // condition, body, condition, body, …, else body
  assign,        // value; names: targets (one: plain, more: unpacking)
  assign_field,  // value; names: namespace, field
  assign_block,  // body, filter chain or null; names: target
  macro,         // body, defaults of the last parameters; names: parameters; text: name
  call_block,    // call, macro
  filter_block,  // filter chain, body
  break_loop,
  continue_loop
};

struct template_node {
  node_kind kind = node_kind::sequence;
  int line = 1;
  int column = 1;
  int depth = 1;
  std::string text;
  template_value value;
  std::vector<std::string> names;
  std::vector<std::unique_ptr<template_node>> children;
};

using node_pointer = std::unique_ptr<template_node>;

}  // namespace troupe::engine
