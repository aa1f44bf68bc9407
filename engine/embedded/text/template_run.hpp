// One rendering of a chat template: its budgets, its first error, and the values that must be taken
// apart when it ends.
//
// Thread: one owner.
// Bounds: steps, bytes of any text, nesting of values; see the constants.
// Errors: the first failure sticks; whoever loops asks failed().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/embedded/text/template_node.hpp"
#include "engine/embedded/text/template_value.hpp"
#include "runtime/errc.hpp"

namespace troupe::engine {

constexpr std::size_t template_text_bytes_max = 16U << 20U;  // of one text, the output included
constexpr std::uint64_t template_steps_max = 5'000'000;      // a step: a node, or 64 bytes of text
constexpr int template_call_depth_max = 300;                 // nested nodes, through macros too

struct template_arguments {
  std::vector<template_value> positional;
  std::vector<std::pair<std::string, template_value>> named;

  // Returns an argument by position or name, null where it was not given.
  const template_value* find(std::size_t index, std::string_view name) const;
};

struct template_scope {
  std::vector<std::pair<std::string, template_value>> values;
  std::shared_ptr<template_scope> parent;

  // Finds a variable here or further out.
  const template_value* find(std::string_view name) const;
  // Sets a variable here.
  void put(const std::string& name, template_value value);
};

class template_run {
 public:
  template_run() = default;
  ~template_run();
  template_run(const template_run&) = delete;
  template_run& operator=(const template_run&) = delete;

  // Notes where the run stands, for messages.
  void visit(const template_node& node) { node_ = &node; }

  // Records an error with the position, unless there is one; returns undefined.
  template_value fail(errc code, const std::string& text);
  // The same for what the template itself raises: the text as it is.
  template_value raise(const std::string& text);
  bool failed() const { return static_cast<bool>(error_); }
  const caf::error& error() const { return error_; }

  // Takes steps off the budget; false, with an error, when it is used up.
  bool spend(std::size_t steps);

  // Makes values within the bounds.
  template_value text(std::string value);
  template_value list(std::vector<template_value> items, bool tuple = false);
  template_value dict(template_dict items);
  template_value space(template_dict items);

  // Fails for a container that is nested too deep or too large.
  template_value bounded(template_value value);

  // Appends to a text that is being built, the output for one.
  void append(std::string& out, std::string_view text);

  // Keeps a scope until the run ends, for the macros defined in it.
  template_scope* keep(std::shared_ptr<template_scope> scope);

  // Unix time as the caller gave it, for strftime_now.
  void now(std::int64_t unix_s) { now_unix_s_ = unix_s; }
  std::int64_t now() const { return now_unix_s_; }

 private:
  const template_node* node_ = nullptr;
  caf::error error_;
  std::uint64_t steps_ = 0;
  std::int64_t now_unix_s_ = 0;
  std::vector<std::shared_ptr<template_dict>> spaces_;
  std::vector<std::shared_ptr<template_scope>> scopes_;
};

}  // namespace troupe::engine
