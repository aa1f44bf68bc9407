// Arithmetic and comparison of template values, with Python's rules.
#include <algorithm>
#include <cmath>

#include "engine/embedded/text/template_builtins.hpp"
#include "engine/embedded/text/template_text.hpp"

namespace troupe::engine {

namespace {

template_value type_failure(template_run& run, std::string_view name, const template_value& left,
                            const template_value& right) {
  for (const auto* side : {&left, &right}) {
    if (side->is_undefined()) {
      return run.fail(errc::invalid_request, "'" + side->missing_name() + "' is undefined");
    }
  }
  return run.fail(errc::invalid_request, "unsupported operands for " + std::string{name} + ": " +
                                             std::string{left.type_name()} + " and " +
                                             std::string{right.type_name()});
}

template_value overflow(template_run& run) {
  return run.fail(errc::invalid_request, "an integer leaves 64 bits");
}

template_value power(template_run& run, std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    return template_value::number(
        std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  std::int64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return overflow(run);
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) return overflow(run);
  }
  return template_value::integer(result);
}

template_value integer_arithmetic(template_run& run, char name, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflows = false;
  if (name == '+') overflows = __builtin_add_overflow(a, b, &result);
  if (name == '-') overflows = __builtin_sub_overflow(a, b, &result);
  if (name == '*') overflows = __builtin_mul_overflow(a, b, &result);
  if (name == 'd' || name == '%') {
    if (b == 0) return run.fail(errc::invalid_request, "division by zero");
    if (b == -1) {
      overflows = name == 'd' && __builtin_sub_overflow(std::int64_t{0}, a, &result);
    } else {
      const auto rest = a % b;
      const bool adjust = rest != 0 && (rest < 0) != (b < 0);  // Python rounds down
      result = name == 'd' ? a / b - (adjust ? 1 : 0) : rest + (adjust ? b : 0);
    }
  }
  return overflows ? overflow(run) : template_value::integer(result);
}

template_value number_arithmetic(template_run& run, std::string_view name, double a, double b) {
  if (name == "+") return template_value::number(a + b);
  if (name == "-") return template_value::number(a - b);
  if (name == "*") return template_value::number(a * b);
  if (name == "**") return template_value::number(std::pow(a, b));
  if (b == 0) return run.fail(errc::invalid_request, "division by zero");
  if (name == "/") return template_value::number(a / b);
  if (name == "//") return template_value::number(std::floor(a / b));
  const double rest = std::fmod(a, b);
  return template_value::number(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

template_value repeat(template_run& run, const template_value& what, std::int64_t times) {
  const auto count = static_cast<std::size_t>(times < 0 ? 0 : times);
  if (const auto* text = what.as_text()) {
    if (!text->empty() && count > template_text_bytes_max / text->size()) {
      return run.fail(errc::invalid_request, "a repeated text is too long");
    }
    std::string out;
    for (std::size_t i = 0; i < count && !text->empty(); ++i) out += *text;
    return run.text(std::move(out));
  }
  const auto& items = what.as_list()->items;
  if (items.empty() || !run.spend(count > template_steps_max ? count : count * items.size())) {
    return run.list({}, what.as_list()->tuple);
  }
  std::vector<template_value> out;
  for (std::size_t i = 0; i < count; ++i) out.insert(out.end(), items.begin(), items.end());
  return run.list(std::move(out), what.as_list()->tuple);
}

template_value add_sequences(template_run& run, const template_value& left,
                             const template_value& right) {
  if (left.as_text() && right.as_text()) return run.text(*left.as_text() + *right.as_text());
  const auto *a = left.as_list(), *b = right.as_list();
  if (a == nullptr || b == nullptr || a->tuple != b->tuple) {
    return type_failure(run, "+", left, right);
  }
  auto items = a->items;
  items.insert(items.end(), b->items.begin(), b->items.end());
  return run.list(std::move(items), a->tuple);
}

bool is_sequence(const template_value& value) {
  return value.as_text() || value.as_list();
}

}  // namespace

template_value arithmetic(template_run& run, std::string_view name, const template_value& left,
                          const template_value& right) {
  if (name == "~") return run.text(text_of(left) + text_of(right));
  if (left.is_integral() && right.is_integral() && name != "/") {
    if (name == "**") return power(run, left.integral(), right.integral());
    return integer_arithmetic(run, name == "//" ? 'd' : name[0], left.integral(), right.integral());
  }
  if (left.is_numeric() && right.is_numeric()) {
    return number_arithmetic(run, name, left.floating(), right.floating());
  }
  if (name == "+") return add_sequences(run, left, right);
  if (name == "*" && is_sequence(left) && right.is_integral()) {
    return repeat(run, left, right.integral());
  }
  if (name == "*" && is_sequence(right) && left.is_integral()) {
    return repeat(run, right, left.integral());
  }
  return type_failure(run, name, left, right);
}

bool compare(template_run& run, std::string_view name, const template_value& left,
             const template_value& right) {
  if (!run.spend(std::min(left.weight(), right.weight()) / 64)) return false;
  if (name == "==") return equal(left, right);
  if (name == "!=") return !equal(left, right);
  if (name == "in") return contains(run, right, left);
  if (name == "not in") return !contains(run, right, left);
  const bool swapped = name[0] == '>';
  const auto& a = swapped ? right : left;
  const auto& b = swapped ? left : right;
  bool comparable = true;
  // a <= b is not (b < a) for all that is ordered, NaN excepted.
  const bool result = name.size() == 1 ? less(a, b, comparable) : !less(b, a, comparable);
  if (!comparable) type_failure(run, name, left, right);
  return comparable && result;
}

}  // namespace troupe::engine
