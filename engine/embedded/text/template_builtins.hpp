// What a chat template can use by name: filters, tests, global functions and methods.
//
// Source: Jinja 3.1's documentation; raise_exception, strftime_now and tojson as Hugging Face's
// transformers define them. An argument or a type that Python would refuse fails the run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/text/template_run.hpp"

namespace troupe::engine {

using template_filter = template_value (*)(template_run&, const template_value&,
                                           const template_arguments&);
using template_test = bool (*)(template_run&, const template_value&, const template_arguments&);

// Look up by name; null where there is none.
template_filter find_filter(std::string_view name);
template_filter find_text_filter(std::string_view name);
template_filter find_list_filter(std::string_view name);
template_test find_test(std::string_view name);

// Calls a global function.
template_value call_builtin(template_run& run, std::string_view name,
                            const template_arguments& arguments);
bool is_builtin(std::string_view name);

// Calls a method of a text, list, dict or loop.
template_value call_method(template_run& run, const template_value& self, std::string_view name,
                           const template_arguments& arguments);
bool has_method(const template_value& self, std::string_view name);

// object.name and object[index], undefined where there is nothing.
template_value attribute_of(template_run& run, const template_value& object,
                            const std::string& name);
template_value item_of(template_run& run, const template_value& object,
                       const template_value& index);

// Follows "a.b.0", as filters name attributes.
template_value path_of(template_run& run, const template_value& object, const template_value& path);

// Returns what a loop over the value sees: elements, keys, characters; fails where Python would.
std::vector<template_value> elements_of(template_run& run, const template_value& value);

// Python's `in`.
bool contains(template_run& run, const template_value& container, const template_value& element);

// Python's arithmetic, and Jinja's ~.
template_value arithmetic(template_run& run, std::string_view name, const template_value& left,
                          const template_value& right);

// Python's ==, !=, <, <=, >, >=, in, not in.
bool compare(template_run& run, std::string_view name, const template_value& left,
             const template_value& right);

}  // namespace troupe::engine
