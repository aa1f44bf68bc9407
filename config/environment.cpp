#include "config/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "config/mistake.hpp"

namespace troupe::config {

namespace {

constexpr std::size_t expanded_bytes_max = 64 * 1024;

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Appends what one `NAME` or `NAME:-default` stands for; returns the mistake, if any.
std::string append_variable(std::string_view inside, const environment& variables,
                            std::string& out) {
  const auto colon = inside.find(":-");
  const std::string name{inside.substr(0, colon)};
  if (!is_variable_name(name)) {
    return "has ${...} around " + quote(name) +
           ", which is no variable name; write ${NAME} or ${NAME:-default}";
  }
  const auto value = variables(name);
  if (colon != std::string_view::npos) {
    out += value && !value->empty() ? *value : std::string{inside.substr(colon + 2)};
    return {};
  }
  if (!value) {
    return "uses the environment variable " + name + ", which is not set; set it, or write ${" +
           name + ":-default}";
  }
  out += *value;
  return {};
}

std::optional<std::string> host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return std::nullopt;
  return std::string{name};
}

}  // namespace

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) return std::string{value};
    return name == "HOSTNAME" ? host_name() : std::nullopt;
  };
}

expansion expand(std::string_view text, const environment& variables) {
  expansion result;
  while (!text.empty() && result.mistake.empty()) {
    const auto dollar = text.find("${");
    if (dollar == std::string_view::npos) break;
    if (dollar > 0 && text[dollar - 1] == '$') {
      result.text += text.substr(0, dollar - 1);
      result.text += "${";
      text.remove_prefix(dollar + 2);
      continue;
    }
    result.text += text.substr(0, dollar);
    const auto end = text.find('}', dollar);
    if (end == std::string_view::npos) {
      result.mistake = "has a ${ without its }; write $${ for the characters themselves";
      break;
    }
    result.mistake =
        append_variable(text.substr(dollar + 2, end - dollar - 2), variables, result.text);
    text.remove_prefix(end + 1);
    if (result.text.size() > expanded_bytes_max) result.mistake = "is longer than 64 KiB expanded";
  }
  result.text += text;
  return result;
}

}  // namespace troupe::config
