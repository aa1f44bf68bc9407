// The statement half of template_evaluator.
#include <utility>

#include "engine/embedded/text/template_evaluator.hpp"
#include "engine/embedded/text/template_text.hpp"

namespace troupe::engine {

std::string template_evaluator::render(const template_node& root) {
  return capture(root);
}

// Executes a body with its output going to a text of its own.
std::string template_evaluator::capture(const template_node& body) {
  std::string text;
  auto* outer = std::exchange(out_, &text);
  execute(body);
  out_ = outer;
  return text;
}

template_evaluator::flow template_evaluator::execute(const template_node& node) {
  run_.visit(node);
  const auto next = enter() ? execute_inner(node) : flow::onward;
  --depth_;
  return next;
}

template_evaluator::flow template_evaluator::execute_inner(const template_node& node) {
  switch (node.kind) {
    case node_kind::sequence:
      for (const auto& child : node.children) {
        const auto next = execute(*child);
        if (run_.failed() || next != flow::onward) return next;
      }
      break;
    case node_kind::data:
      run_.append(*out_, node.text);
      break;
    case node_kind::output: {
      const auto value = evaluate(*node.children[0]);
      if (!run_.failed()) run_.append(*out_, text_of(value));
      break;
    }
    case node_kind::loop:
      return execute_loop(node);
    case node_kind::branch:
      return execute_branch(node);
    case node_kind::assign:
      execute_assign(node);
      break;
    case node_kind::assign_field:
      execute_assign_field(node);
      break;
    case node_kind::assign_block:
      execute_assign_block(node);
      break;
    case node_kind::macro:
      scope_->put(node.text, make_macro(node));
      break;
    case node_kind::call_block:
      execute_call_block(node);
      break;
    case node_kind::filter_block:
      execute_filter_block(node);
      break;
    case node_kind::break_loop:
      return flow::break_loop;
    case node_kind::continue_loop:
      return flow::continue_loop;
    default:
      break;
  }
  return flow::onward;
}

// What the loop runs over: the elements that pass its condition.
std::vector<template_value> template_evaluator::loop_items(const template_node& node) {
  auto items = elements_of(run_, evaluate(*node.children[0]));
  if (!node.children[1] || run_.failed()) return items;
  std::vector<template_value> kept;
  open_scope();
  for (const auto& item : items) {
    assign(node.names, item);
    const bool keep = !run_.failed() && evaluate(*node.children[1]).truthy();
    if (run_.failed()) break;
    if (keep) kept.push_back(item);
  }
  close_scope();
  return kept;
}

template_evaluator::flow template_evaluator::execute_loop(const template_node& node) {
  const auto items = run_.list(loop_items(node));
  if (run_.failed()) return flow::onward;
  const auto count = items.as_list()->items.size();
  if (count == 0 && node.children[3]) return execute(*node.children[3]);
  for (std::size_t i = 0; i < count && !run_.failed(); ++i) {
    open_scope();
    assign(node.names, items.as_list()->items[i]);
    scope_->put("loop", template_value::storage{std::make_shared<const template_loop>(
                            template_loop{items.shared_list(), i, items.depth() + 1})});
    const auto next = run_.failed() ? flow::onward : execute(*node.children[2]);
    close_scope();
    if (next == flow::break_loop) break;
  }
  return flow::onward;
}

template_evaluator::flow template_evaluator::execute_branch(const template_node& node) {
  std::size_t i = 0;
  for (; i + 1 < node.children.size(); i += 2) {
    const bool taken = evaluate(*node.children[i]).truthy();
    if (run_.failed()) return flow::onward;
    if (taken) return execute(*node.children[i + 1]);
  }
  return i < node.children.size() ? execute(*node.children[i]) : flow::onward;
}

void template_evaluator::assign(const std::vector<std::string>& names,
                                const template_value& value) {
  if (names.size() == 1) return scope_->put(names[0], value);
  const auto parts = elements_of(run_, value);
  if (parts.size() != names.size()) {
    run_.fail(errc::invalid_request, "cannot unpack " + std::to_string(parts.size()) +
                                         " values into " + std::to_string(names.size()) + " names");
    return;
  }
  for (std::size_t i = 0; i < names.size(); ++i) scope_->put(names[i], parts[i]);
}

void template_evaluator::execute_assign(const template_node& node) {
  const auto value = evaluate(*node.children[0]);
  if (!run_.failed()) assign(node.names, value);
}

void template_evaluator::execute_assign_field(const template_node& node) {
  auto value = evaluate(*node.children[0]);
  run_.visit(node);
  const auto* target = scope_->find(node.names[0]);
  auto* space = target != nullptr ? target->as_space() : nullptr;
  if (space == nullptr) {
    run_.fail(errc::invalid_request, "'" + node.names[0] + "' is no namespace");
  } else if (!run_.failed()) {
    space->put(node.names[1], std::move(value));
  }
}

void template_evaluator::execute_assign_block(const template_node& node) {
  open_scope();
  auto value = run_.text(capture(*node.children[0]));
  close_scope();
  if (node.children[1] && !run_.failed()) value = evaluate_filter(*node.children[1], &value);
  if (!run_.failed()) scope_->put(node.names[0], std::move(value));
}

template_value template_evaluator::make_macro(const template_node& node) {
  template_function macro;
  macro.kind = template_function::kind_type::macro;
  macro.name = node.text;
  macro.macro = &node;
  macro.scope = run_.keep(scope_);
  return template_value::function(std::move(macro));
}

void template_evaluator::execute_call_block(const template_node& node) {
  const auto caller = make_macro(*node.children[1]);
  const auto value = evaluate_call(*node.children[0], &caller);
  if (!run_.failed()) run_.append(*out_, text_of(value));
}

void template_evaluator::execute_filter_block(const template_node& node) {
  open_scope();
  const auto text = run_.text(capture(*node.children[1]));
  close_scope();
  if (run_.failed()) return;
  const auto value = evaluate_filter(*node.children[0], &text);
  if (!run_.failed()) run_.append(*out_, text_of(value));
}

}  // namespace troupe::engine
