#include "engine/embedded/serve/field_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace troupe::engine {

namespace {

// Where a body exceeds the bounds on nesting or members, and which one; nothing where it does not.
// Counts outside strings, which is exact for well-formed JSON.
std::optional<std::string> find_excess(std::string_view body) {
  std::array<std::size_t, json_depth_max + 1> members{};  // at each depth
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (depth == json_depth_max) {
        return "nested deeper than " + std::to_string(json_depth_max) + " levels at byte " +
               std::to_string(i);
      }
      members[++depth] = 0;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    } else if (c == ':' && ++members[depth] > json_members_max) {
      return "an object of more than " + std::to_string(json_members_max) + " members at byte " +
             std::to_string(i);
    }
  }
  return std::nullopt;
}

// "3" for whole numbers, "0.5" for others.
std::string spell(double value) {
  return nlohmann::ordered_json(value == std::floor(value) && std::abs(value) < 1e15
                                    ? nlohmann::ordered_json(static_cast<std::int64_t>(value))
                                    : nlohmann::ordered_json(value))
      .dump();
}

std::string spell(const field_reader::range& bounds) {
  return std::string{bounds.excludes_low ? "(" : "["} + spell(bounds.low) + ", " +
         spell(bounds.high) + "]";
}

bool contains(const field_reader::range& bounds, double value) {
  return value <= bounds.high && (bounds.excludes_low ? value > bounds.low : value >= bounds.low);
}

}  // namespace

nlohmann::ordered_json parse_body(std::string_view body, std::optional<api_error>& fault) {
  if (auto excess = find_excess(body)) {
    fault = api_error{errc::invalid_request, "invalid JSON: " + *excess, {}};
    return nullptr;
  }
  try {
    auto value = nlohmann::ordered_json::parse(body);
    if (value.is_object()) return value;
    fault = api_error{errc::invalid_request,
                      "the body must be a JSON object, not " + std::string{value.type_name()},
                      {}};
  } catch (const nlohmann::ordered_json::parse_error& e) {
    fault = api_error{errc::invalid_request,
                      "invalid JSON at byte " + std::to_string(e.byte) + ": " + e.what(),
                      {}};
  } catch (const nlohmann::ordered_json::exception& e) {  // a number beyond all bounds
    fault = api_error{errc::invalid_request, std::string{"invalid JSON: "} + e.what(), {}};
  }
  return nullptr;
}

const nlohmann::ordered_json* field_reader::find(std::string_view name) const {
  const auto at = object_.find(name);
  return at == object_.end() || at->is_null() ? nullptr : &*at;
}

void field_reader::refuse(std::string_view name, std::string message, errc code) {
  if (!fault_) fault_ = api_error{code, std::move(message), std::string{name}};
}

void field_reader::adopt(const field_reader& inner, std::string_view part) {
  if (!inner.fault()) return;
  const auto& fault = *inner.fault();
  const auto prefix = std::string{part} + '.';
  refuse(prefix + fault.param, prefix + fault.message, fault.code);
}

bool field_reader::flag(std::string_view name, bool otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  refuse(name, std::string{name} + " must be true or false, got " + value->dump());
  return otherwise;
}

double field_reader::number(std::string_view name, double otherwise, range bounds) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_number()) {
    const auto got = value->get<double>();
    if (contains(bounds, got)) return got;
  }
  refuse(name, std::string{name} + " must be in " + spell(bounds) + ", got " + value->dump() + ".");
  return otherwise;
}

std::int64_t field_reader::integer(std::string_view name, std::int64_t otherwise, range bounds) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_number_integer() && contains(bounds, value->get<double>())) {
    const bool fits = !value->is_number_unsigned() ||
                      value->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX);
    if (fits) return value->get<std::int64_t>();
  }
  refuse(name, std::string{name} + " must be a whole number in " + spell(bounds) + ", got " +
                   value->dump() + ".");
  return otherwise;
}

std::string field_reader::text(std::string_view name, std::size_t bytes_max) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  if (value->is_string()) {
    const auto& got = value->get_ref<const std::string&>();
    if (!got.empty() && got.size() <= bytes_max) return got;
  }
  refuse(name,
         std::string{name} + " must be a string of 1 to " + std::to_string(bytes_max) + " bytes");
  return {};
}

std::vector<std::string> field_reader::texts(std::string_view name, std::size_t count_max,
                                             std::size_t bytes_max) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  const auto list = value->is_array() ? *value : nlohmann::ordered_json::array({*value});
  if (list.size() > count_max) {
    refuse(name, std::string{name} + " must hold at most " + std::to_string(count_max) +
                     " strings, got " + std::to_string(list.size()));
    return {};
  }
  std::vector<std::string> result;
  for (const auto& entry : list) {
    if (!entry.is_string() || entry.get_ref<const std::string&>().empty() ||
        entry.get_ref<const std::string&>().size() > bytes_max) {
      refuse(name, std::string{name} + " must be strings of 1 to " + std::to_string(bytes_max) +
                       " bytes");
      return {};
    }
    result.push_back(entry.get<std::string>());
  }
  return result;
}

std::vector<std::int32_t> field_reader::token_ids(std::string_view name, std::size_t vocab) {
  const auto* value = find(name);
  return value == nullptr ? std::vector<std::int32_t>{} : to_token_ids(name, *value, vocab);
}

std::vector<std::int32_t> field_reader::to_token_ids(std::string_view name,
                                                     const nlohmann::ordered_json& list,
                                                     std::size_t vocab) {
  std::vector<std::int32_t> result;
  if (!list.is_array()) {
    refuse(name, std::string{name} + " must be a list of token ids");
    return result;
  }
  result.reserve(list.size());
  for (const auto& entry : list) {
    // Integers that are negative are not "unsigned" to the library.
    if (!entry.is_number_unsigned() || entry.get<std::uint64_t>() >= vocab) {
      refuse(name, std::string{name} + ": token id " + entry.dump() + " is out of [0, " +
                       std::to_string(vocab - 1) + "]");
      return {};
    }
    result.push_back(entry.get<std::int32_t>());
  }
  return result;
}

void field_reader::require_one_of(std::string_view name,
                                  std::span<const nlohmann::ordered_json> accepted) {
  const auto* value = find(name);
  if (value == nullptr || std::ranges::find(accepted, *value) != accepted.end()) return;
  auto message = std::string{name} + " is not supported by this engine";
  if (!accepted.empty())
    message += " (but for its default, " + nlohmann::ordered_json(accepted.front()).dump() + ")";
  refuse(name, std::move(message), errc::unsupported);
}

}  // namespace troupe::engine
