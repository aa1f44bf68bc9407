// Walks a chat template's tree: expressions in template_evaluator.cpp, statements in
// template_statements.cpp.
//
// Thread: one owner, one rendering.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/embedded/text/template_builtins.hpp"
#include "engine/embedded/text/template_run.hpp"

namespace troupe::engine {

class template_evaluator {
 public:
  template_evaluator(template_run& run, std::shared_ptr<template_scope> globals)
      : run_{run}, scope_{std::move(globals)} {}

  // Executes the root node; the text is whole only if the run has not failed.
  std::string render(const template_node& root);

 private:
  enum class flow : std::uint8_t { onward, break_loop, continue_loop };

  template_value evaluate(const template_node& node);
  template_value evaluate_inner(const template_node& node);
  template_value evaluate_name(const template_node& node);
  template_value evaluate_list(const template_node& node);
  template_value evaluate_dict(const template_node& node);
  template_value evaluate_slice(const template_node& node);
  template_value evaluate_call(const template_node& node, const template_value* caller);
  template_value evaluate_filter(const template_node& node, const template_value* input);
  template_value evaluate_test(const template_node& node);
  template_value evaluate_sign(const template_node& node);
  template_value evaluate_comparison(const template_node& node);
  template_value evaluate_conditional(const template_node& node);
  template_arguments evaluate_arguments(const template_node& node);
  template_value call_macro(const template_function& macro, const template_arguments& arguments);
  void bind_parameters(const template_node& macro, const template_arguments& arguments);
  std::int64_t slice_bound(const template_node* node, std::int64_t otherwise);

  flow execute(const template_node& node);
  flow execute_inner(const template_node& node);
  flow execute_loop(const template_node& node);
  flow execute_branch(const template_node& node);
  std::vector<template_value> loop_items(const template_node& node);
  void execute_assign(const template_node& node);
  void execute_assign_field(const template_node& node);
  void execute_assign_block(const template_node& node);
  void execute_call_block(const template_node& node);
  void execute_filter_block(const template_node& node);
  void assign(const std::vector<std::string>& names, const template_value& value);
  template_value make_macro(const template_node& node);
  std::string capture(const template_node& body);

  bool enter();
  void open_scope();
  void close_scope() { scope_ = scope_->parent; }

  template_run& run_;
  std::shared_ptr<template_scope> scope_;
  std::string* out_ = nullptr;
  int depth_ = 0;
};

}  // namespace troupe::engine
