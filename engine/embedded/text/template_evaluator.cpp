#include "engine/embedded/text/template_evaluator.hpp"

#include <algorithm>
#include <limits>

#include "engine/embedded/text/python_string.hpp"

namespace troupe::engine {

bool template_evaluator::enter() {
  if (++depth_ <= template_call_depth_max) return run_.spend(1);
  run_.fail(errc::invalid_request, "the template calls itself too deep");
  return false;
}

void template_evaluator::open_scope() {
  auto inner = std::make_shared<template_scope>();
  inner->parent = std::move(scope_);
  scope_ = std::move(inner);
}

template_value template_evaluator::evaluate(const template_node& node) {
  run_.visit(node);
  auto value = enter() ? evaluate_inner(node) : template_value{};
  --depth_;
  return value;
}

template_value template_evaluator::evaluate_inner(const template_node& node) {
  const auto child = [&](std::size_t i) { return evaluate(*node.children[i]); };
  switch (node.kind) {
    case node_kind::constant:
      return node.value;
    case node_kind::name:
      return evaluate_name(node);
    case node_kind::list:
    case node_kind::tuple:
      return evaluate_list(node);
    case node_kind::dict:
      return evaluate_dict(node);
    case node_kind::attribute:
      return attribute_of(run_, child(0), node.text);
    case node_kind::item: {
      const auto object = child(0);
      return item_of(run_, object, child(1));
    }
    case node_kind::slice:
      return evaluate_slice(node);
    case node_kind::call:
      return evaluate_call(node, nullptr);
    case node_kind::filter:
      return evaluate_filter(node, nullptr);
    case node_kind::test:
      return evaluate_test(node);
    case node_kind::negate:
    case node_kind::posate:
      return evaluate_sign(node);
    case node_kind::negation:
      return template_value::boolean(!child(0).truthy());
    case node_kind::arithmetic: {
      const auto left = child(0);
      const auto right = child(1);
      run_.visit(node);
      return arithmetic(run_, node.text, left, right);
    }
    case node_kind::comparison:
      return evaluate_comparison(node);
    case node_kind::conjunction: {
      auto left = child(0);
      return left.truthy() ? child(1) : left;
    }
    case node_kind::disjunction: {
      auto left = child(0);
      return left.truthy() ? left : child(1);
    }
    case node_kind::conditional:
      return evaluate_conditional(node);
    default:
      return {};
  }
}

template_value template_evaluator::evaluate_name(const template_node& node) {
  if (const auto* value = scope_->find(node.text)) return *value;
  return template_value::undefined(node.text);
}

template_value template_evaluator::evaluate_list(const template_node& node) {
  std::vector<template_value> items;
  for (const auto& child : node.children) items.push_back(evaluate(*child));
  return run_.list(std::move(items), node.kind == node_kind::tuple);
}

template_value template_evaluator::evaluate_dict(const template_node& node) {
  template_dict items;
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const auto key = evaluate(*node.children[i]);
    if (!run_.failed() && key.as_text() == nullptr) {
      run_.visit(*node.children[i]);
      return run_.fail(errc::unsupported, "dict keys other than texts are not supported");
    }
    auto value = evaluate(*node.children[i + 1]);
    if (run_.failed()) return {};
    items.put(*key.as_text(), std::move(value));
  }
  return run_.dict(std::move(items));
}

std::int64_t template_evaluator::slice_bound(const template_node* node, std::int64_t otherwise) {
  if (node == nullptr) return otherwise;
  const auto value = evaluate(*node);
  if (value.is_none()) return otherwise;
  if (value.is_integral()) return value.integral();
  run_.fail(errc::invalid_request, "a slice's bounds must be integers");
  return otherwise;
}

// Python's slice: bounds from the end where negative, cut to the size; a negative step goes back.
template_value template_evaluator::evaluate_slice(const template_node& node) {
  const auto object = evaluate(*node.children[0]);
  if (object.is_undefined()) return item_of(run_, object, template_value::integer(0));
  const bool is_text = object.as_text() != nullptr;
  if (!is_text && object.as_list() == nullptr) {
    return run_.fail(errc::invalid_request,
                     "a " + std::string{object.type_name()} + " cannot be sliced");
  }
  const auto items = elements_of(run_, object);
  const auto size = static_cast<std::int64_t>(items.size());
  const auto step = slice_bound(node.children[3].get(), 1);
  if (step == 0) return run_.fail(errc::invalid_request, "a slice's step must not be zero");
  const auto cut = [&](std::int64_t bound) {
    if (bound < 0) bound = std::max(bound + size, std::int64_t{-1});
    return std::clamp(bound, std::int64_t{step > 0 ? 0 : -1}, step > 0 ? size : size - 1);
  };
  const auto* first = node.children[1].get();
  const auto* last = node.children[2].get();
  constexpr auto unset = std::numeric_limits<std::int64_t>::min();
  const auto from = slice_bound(first, unset), to = slice_bound(last, unset);
  const auto start = from == unset ? (step > 0 ? 0 : size - 1) : cut(from);
  const auto stop = to == unset ? (step > 0 ? size : -1) : cut(to);
  std::vector<template_value> out;
  for (auto i = start; step > 0 ? i < stop : i > stop;) {
    out.push_back(items[static_cast<std::size_t>(i)]);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  if (!is_text) return run_.list(std::move(out), object.as_list()->tuple);
  std::string text;
  for (const auto& character : out) text += *character.as_text();
  return run_.text(std::move(text));
}

template_arguments template_evaluator::evaluate_arguments(const template_node& node) {
  template_arguments out;
  for (std::size_t i = 1; i < node.children.size(); ++i) {
    const auto& child = *node.children[i];
    if (child.kind == node_kind::keyword) {
      out.named.emplace_back(child.text, evaluate(*child.children[0]));
    } else {
      out.positional.push_back(evaluate(child));
    }
  }
  run_.visit(node);
  return out;
}

template_value template_evaluator::evaluate_call(const template_node& node,
                                                 const template_value* caller) {
  const auto callee = evaluate(*node.children[0]);
  auto arguments = evaluate_arguments(node);
  if (caller != nullptr) arguments.named.emplace_back("caller", *caller);
  if (run_.failed()) return {};
  const auto* function = callee.as_function();
  if (callee.is_undefined()) {
    return run_.fail(errc::invalid_request, "'" + callee.missing_name() + "' is undefined");
  }
  if (function == nullptr) {
    return run_.fail(errc::invalid_request,
                     "a " + std::string{callee.type_name()} + " cannot be called");
  }
  if (function->kind == template_function::kind_type::builtin) {
    return call_builtin(run_, function->name, arguments);
  }
  if (function->kind == template_function::kind_type::method) {
    return call_method(run_, function->self, function->name, arguments);
  }
  return call_macro(*function, arguments);
}

void template_evaluator::bind_parameters(const template_node& macro,
                                         const template_arguments& arguments) {
  const auto defaults = macro.children.size() - 1;
  for (std::size_t i = 0; i < macro.names.size(); ++i) {
    const auto& name = macro.names[i];
    const auto from_end = macro.names.size() - i;
    auto value = template_value::undefined(name);
    if (const auto* given = arguments.find(i, name)) {
      value = *given;
    } else if (from_end <= defaults) {
      value = evaluate(*macro.children[1 + defaults - from_end]);
    }
    scope_->put(name, std::move(value));
  }
  if (arguments.positional.size() > macro.names.size()) {
    run_.fail(errc::invalid_request, "macro '" + macro.text + "' takes at most " +
                                         std::to_string(macro.names.size()) + " arguments");
  }
  for (const auto& [name, value] : arguments.named) {
    if (name == "caller") {
      scope_->put(name, value);
    } else if (std::ranges::find(macro.names, name) == macro.names.end()) {
      run_.fail(errc::invalid_request,
                "macro '" + macro.text + "' has no parameter '" + name + "'");
    }
  }
}

template_value template_evaluator::call_macro(const template_function& macro,
                                              const template_arguments& arguments) {
  // The scope where the macro was defined is kept by the run: borrow it without counting.
  const std::shared_ptr<template_scope> defined{std::shared_ptr<void>{}, macro.scope};
  auto outer = std::exchange(scope_, defined);
  open_scope();
  bind_parameters(*macro.macro, arguments);
  auto text = run_.failed() ? std::string{} : capture(*macro.macro->children[0]);
  scope_ = std::move(outer);
  return run_.text(std::move(text));
}

template_value template_evaluator::evaluate_filter(const template_node& node,
                                                   const template_value* input) {
  template_value value;
  if (node.children[0]) {
    value = node.children[0]->kind == node_kind::filter ? evaluate_filter(*node.children[0], input)
                                                        : evaluate(*node.children[0]);
  } else if (input != nullptr) {
    value = *input;
  }
  const auto arguments = evaluate_arguments(node);
  if (run_.failed()) return {};
  return find_filter(node.text)(run_, value, arguments);
}

template_value template_evaluator::evaluate_test(const template_node& node) {
  const auto value = evaluate(*node.children[0]);
  const auto arguments = evaluate_arguments(node);
  if (run_.failed()) return {};
  return template_value::boolean(find_test(node.text)(run_, value, arguments));
}

template_value template_evaluator::evaluate_sign(const template_node& node) {
  const auto value = evaluate(*node.children[0]);
  run_.visit(node);
  const auto zero = template_value::integer(0);
  if (value.as_number() != nullptr) {
    return template_value::number(node.kind == node_kind::negate ? -*value.as_number()
                                                                 : *value.as_number());
  }
  return arithmetic(run_, node.kind == node_kind::negate ? "-" : "+", zero, value);
}

// a < b < c holds if each neighbour pair does; what follows a false one is not looked at.
template_value template_evaluator::evaluate_comparison(const template_node& node) {
  auto left = evaluate(*node.children[0]);
  for (std::size_t i = 0; i < node.names.size() && !run_.failed(); ++i) {
    auto right = evaluate(*node.children[i + 1]);
    run_.visit(node);
    if (run_.failed() || !compare(run_, node.names[i], left, right)) {
      return template_value::boolean(false);
    }
    left = std::move(right);
  }
  return template_value::boolean(true);
}

template_value template_evaluator::evaluate_conditional(const template_node& node) {
  if (evaluate(*node.children[0]).truthy()) return evaluate(*node.children[1]);
  if (node.children[2]) return evaluate(*node.children[2]);
  return template_value::undefined("the missing else");
}

}  // namespace troupe::engine
