#include "engine/embedded/text/template_run.hpp"

#include "engine/embedded/text/template_lexer.hpp"

namespace troupe::engine {

const template_value* template_arguments::find(std::size_t index, std::string_view name) const {
  if (index < positional.size()) return &positional[index];
  for (const auto& [key, value] : named) {
    if (key == name) return &value;
  }
  return nullptr;
}

const template_value* template_scope::find(std::string_view name) const {
  for (const auto* scope = this; scope != nullptr; scope = scope->parent.get()) {
    for (const auto& [key, value] : scope->values) {
      if (key == name) return &value;
    }
  }
  return nullptr;
}

void template_scope::put(const std::string& name, template_value value) {
  for (auto& item : values) {
    if (item.first != name) continue;
    item.second = std::move(value);
    return;
  }
  values.emplace_back(name, std::move(value));
}

// A namespace may hold itself, through a list for one: emptied one by one, none is left over.
template_run::~template_run() {
  for (auto& space : spaces_) {
    const auto items = std::exchange(space->items, {});
  }
}

template_value template_run::fail(errc code, const std::string& text) {
  if (!error_) {
    error_ = template_failure(code, node_ != nullptr ? node_->line : 1,
                              node_ != nullptr ? node_->column : 1, text);
  }
  return {};
}

template_value template_run::raise(const std::string& text) {
  if (!error_) error_ = make_failure(errc::invalid_request, text);
  return {};
}

bool template_run::spend(std::size_t steps) {
  steps_ += steps;
  if (steps_ > template_steps_max) fail(errc::invalid_request, "rendering takes too many steps");
  return !failed();
}

template_value template_run::text(std::string value) {
  if (value.size() > template_text_bytes_max) {
    return fail(errc::invalid_request,
                "a text is longer than " + std::to_string(template_text_bytes_max) + " bytes");
  }
  if (!spend(value.size() / 64)) return {};
  return template_value::text(std::move(value));
}

template_value template_run::list(std::vector<template_value> items, bool tuple) {
  if (!spend(items.size() / 4)) return {};
  return bounded(template_value::list(std::move(items), tuple));
}

template_value template_run::dict(template_dict items) {
  if (!spend(items.items.size() / 4)) return {};
  return bounded(template_value::dict(std::move(items)));
}

template_value template_run::bounded(template_value value) {
  if (value.depth() > template_value_depth_max) {
    return fail(errc::invalid_request, "a value is nested too deep");
  }
  if (value.weight() > template_value_weight_max) {
    return fail(errc::invalid_request, "a value is too large");
  }
  return value;
}

template_value template_run::space(template_dict items) {
  spaces_.push_back(std::make_shared<template_dict>(std::move(items)));
  return template_value::storage{spaces_.back()};
}

void template_run::append(std::string& out, std::string_view text) {
  if (!spend(text.size() / 64)) return;
  if (text.size() > template_text_bytes_max - out.size()) {
    fail(errc::invalid_request,
         "the output is longer than " + std::to_string(template_text_bytes_max) + " bytes");
    return;
  }
  out += text;
}

template_scope* template_run::keep(std::shared_ptr<template_scope> scope) {
  scopes_.push_back(std::move(scope));
  return scopes_.back().get();
}

}  // namespace troupe::engine
