// A value of a chat template, with Python's meaning: what JSON holds, plus undefined, tuples,
// namespaces, loop objects and things that can be called.
//
// Thread: all but namespaces are immutable and may be shared.
// Bounds: containers know how deep they are nested, so that neither printing nor destroying a value
// can exhaust the stack, and their weight: what they would take with nothing shared, so that a list
// of itself twice, a few dozen times over, cannot print or compare for ever.
// Units: weight in bytes, roughly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace troupe::engine {

constexpr int template_value_depth_max = 100;
constexpr std::size_t template_value_weight_max = 64U << 20U;

class template_value;
struct template_node;
struct template_scope;

// Keys are strings; their order is that of insertion. Look-up is linear: such dicts are small.
struct template_dict {
  std::vector<std::pair<std::string, template_value>> items;
  int depth = 1;
  std::size_t weight = 16;

  const template_value* find(std::string_view key) const;
  void put(std::string key, template_value value);
};

struct template_list {
  std::vector<template_value> items;
  bool tuple = false;
  int depth = 1;
  std::size_t weight = 16;
};

// What `loop` names inside a for: where the iteration stands.
struct template_loop {
  std::shared_ptr<const template_list> items;
  std::size_t index = 0;
  int depth = 1;
};

struct template_function;

class template_value {
 public:
  struct none_type {};
  struct undefined_type {
    std::shared_ptr<const std::string> what;  // the name that was looked up, for messages
  };
  using text_pointer = std::shared_ptr<const std::string>;
  using list_pointer = std::shared_ptr<const template_list>;
  using dict_pointer = std::shared_ptr<const template_dict>;
  using space_pointer = std::shared_ptr<template_dict>;  // a namespace: the one that may change
  using loop_pointer = std::shared_ptr<const template_loop>;
  using function_pointer = std::shared_ptr<const template_function>;
  using storage =
      std::variant<undefined_type, none_type, bool, std::int64_t, double, text_pointer,
                   list_pointer, dict_pointer, space_pointer, loop_pointer, function_pointer>;

  template_value() = default;
  template_value(storage data) : data_{std::move(data)} {}
  static template_value undefined(std::string what);
  static template_value none() { return storage{none_type{}}; }
  static template_value boolean(bool value) { return storage{value}; }
  static template_value integer(std::int64_t value) { return storage{value}; }
  static template_value number(double value) { return storage{value}; }
  static template_value text(std::string value);
  static template_value list(std::vector<template_value> items, bool tuple = false);
  static template_value dict(template_dict items);
  static template_value function(template_function value);

  // Converts JSON. Values nested deeper than template_value_depth_max become undefined.
  template <class Json>
  static template_value from_json(const Json& json, int depth = 0);

  // Returns the content if it is of that alternative, else null.
  const bool* as_boolean() const { return std::get_if<bool>(&data_); }
  const std::int64_t* as_integer() const { return std::get_if<std::int64_t>(&data_); }
  const double* as_number() const { return std::get_if<double>(&data_); }
  const std::string* as_text() const { return pointee<text_pointer>(); }
  const template_list* as_list() const { return pointee<list_pointer>(); }
  const template_dict* as_dict() const { return pointee<dict_pointer>(); }
  template_dict* as_space() const;
  const template_loop* as_loop() const { return pointee<loop_pointer>(); }
  const template_function* as_function() const { return pointee<function_pointer>(); }
  list_pointer shared_list() const { return std::get<list_pointer>(data_); }

  bool is_undefined() const { return std::holds_alternative<undefined_type>(data_); }
  bool is_none() const { return std::holds_alternative<none_type>(data_); }
  // Booleans are numbers to Python.
  bool is_numeric() const { return as_boolean() || as_integer() || as_number(); }
  bool is_integral() const { return as_boolean() || as_integer(); }

  // The integer of a boolean or an integer.
  std::int64_t integral() const { return as_boolean() ? (*as_boolean() ? 1 : 0) : *as_integer(); }
  // The number of any numeric value.
  double floating() const { return as_number() ? *as_number() : static_cast<double>(integral()); }

  // Returns the name that was looked up and not found.
  std::string missing_name() const;

  // Returns how deep containers are nested; 0 for all else.
  int depth() const;

  // Returns how many bytes the value stands for, shared parts counted as often as they occur.
  std::size_t weight() const;

  // Tells whether Python's bool() is true.
  bool truthy() const;

  // Returns Python's name of the type, for messages.
  std::string_view type_name() const;

 private:
  template <class Pointer>
  const typename Pointer::element_type* pointee() const {
    const auto* pointer = std::get_if<Pointer>(&data_);
    return pointer != nullptr ? pointer->get() : nullptr;
  }

  storage data_;
};

// Something that can be called: a built-in function, a method of a value, or a macro.
struct template_function {
  enum class kind_type : std::uint8_t { builtin, method, macro };

  kind_type kind = kind_type::builtin;
  std::string name;
  template_value self;                   // of a method
  const template_node* macro = nullptr;  // lies in the template, which outlives all its values
  template_scope* scope = nullptr;       // where the macro was defined; kept by the run
};

// Python's ==.
bool equal(const template_value& a, const template_value& b);

// Python's <, for two numbers, texts or lists. Sets comparable to false for all else.
bool less(const template_value& a, const template_value& b, bool& comparable);

}  // namespace troupe::engine
