#include "engine/embedded/text/chat_template.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "engine/embedded/text/template_evaluator.hpp"
#include "engine/embedded/text/template_lexer.hpp"
#include "engine/embedded/text/template_parser.hpp"

namespace troupe::engine {

namespace {

constexpr const char* builtins[] = {"range", "namespace", "dict", "raise_exception"};

void put_builtin(template_scope& scope, const char* name) {
  template_function function;
  function.name = name;
  scope.put(name, template_value::function(std::move(function)));
}

template <class Json>
caf::expected<std::string> render_with(const template_node& root, const Json& variables) {
  if (!variables.is_object()) {
    return make_failure(errc::invalid_request, "chat template: the variables are no JSON object");
  }
  template_run run;
  auto globals = std::make_shared<template_scope>();
  for (const auto* name : builtins) put_builtin(*globals, name);
  for (const auto& [key, value] : variables.items()) {
    globals->put(key, run.bounded(template_value::from_json(value)));
    if (run.failed()) return run.error();
  }
  const auto now = variables.find("now_unix_s");
  if (now != variables.end() && now->is_number_integer()) {
    put_builtin(*globals, "strftime_now");
    run.now(now->template get<std::int64_t>());
  }
  // The template's own variables live in a scope of their own, above those that were given.
  auto scope = std::make_shared<template_scope>();
  scope->parent = std::move(globals);
  template_evaluator evaluator{run, std::move(scope)};
  auto text = evaluator.render(root);
  if (run.failed()) return run.error();
  return text;
}

}  // namespace

struct chat_template::state {
  node_pointer root;
};

caf::expected<std::unique_ptr<chat_template>> chat_template::parse(std::string_view source) {
  auto tokens = template_lexer{source}.run();
  if (!tokens) return tokens.error();
  auto root = template_parser{std::move(*tokens)}.run();
  if (!root) return root.error();
  return std::unique_ptr<chat_template>{
      new chat_template{std::make_unique<state>(state{std::move(*root)})}};
}

chat_template::chat_template(std::unique_ptr<state> s) : state_{std::move(s)} {}

chat_template::~chat_template() = default;

caf::expected<std::string> chat_template::render(const nlohmann::json& variables) const {
  return render_with(*state_->root, variables);
}

caf::expected<std::string> chat_template::render(const nlohmann::ordered_json& variables) const {
  return render_with(*state_->root, variables);
}

}  // namespace troupe::engine
