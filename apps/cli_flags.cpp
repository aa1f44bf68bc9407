#include "apps/cli_flags.hpp"

#include <algorithm>

#include "config/mistake.hpp"
#include "config/units.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps {

void flag_reader::fail(std::string sentence) {
  if (mistake_.empty()) mistake_ = std::move(sentence);
}

caf::error flag_reader::error() const {
  if (mistake_.empty()) return {};
  return make_failure(errc::invalid_config, mistake_);
}

void flag_reader::expected(std::string_view flag, const std::string& text,
                           const std::string& wanted) {
  fail(std::string{flag} + " is " + config::quote(text) + "; expected " + wanted);
}

std::optional<std::uint64_t> flag_reader::read_count(std::string_view flag, const flag_text& text,
                                                     config::range allowed) {
  if (!text) return std::nullopt;
  const auto value = config::parse_count(*text);
  if (value && *value >= allowed.min && *value <= allowed.max) return value;
  expected(
      flag, *text,
      "a whole number from " + std::to_string(allowed.min) + " to " + std::to_string(allowed.max));
  return std::nullopt;
}

std::optional<std::uint64_t> flag_reader::read_bytes(std::string_view flag, const flag_text& text,
                                                     config::range allowed) {
  if (!text) return std::nullopt;
  const auto value = config::parse_bytes(*text);
  if (value && *value >= allowed.min && *value <= allowed.max) return value;
  expected(flag, *text,
           "a size such as 512MiB, from " + config::format_bytes(allowed.min) + " to " +
               config::format_bytes(allowed.max));
  return std::nullopt;
}

void flag_reader::duration(std::string_view flag, const flag_text& text,
                           std::chrono::milliseconds& value) {
  if (!text) return;
  const auto parsed = config::parse_duration(*text);
  if (parsed && *parsed <= std::chrono::hours{24}) {
    value = *parsed;
  } else {
    expected(flag, *text, "a duration such as 100ms, 2s or 1m, at most 24h");
  }
}

void flag_reader::address(std::string_view flag, const flag_text& text, std::string& value) {
  if (!text) return;
  if (auto parsed = config::parse_address(*text)) {
    value = std::move(*parsed);
  } else {
    expected(flag, *text, "an IP address in numbers, such as 127.0.0.1, 0.0.0.0 or ::1");
  }
}

void flag_reader::port(std::string_view flag, const flag_text& text, std::uint16_t& value) {
  count(flag, text, {0, 65'535}, value);
}

void flag_reader::text(std::string_view flag, const flag_text& text, std::string& value) {
  if (!text) return;
  if (text->empty()) return fail(std::string{flag} + " is empty; give it a value or leave it out");
  value = *text;
}

std::optional<std::size_t> flag_reader::read_word(std::string_view flag, const flag_text& text,
                                                  const std::vector<std::string_view>& names) {
  if (!text) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::string_view meant = config::closest(*text, names);
  expected(flag, *text,
           "one of " + config::joined(names) +
               (meant.empty() ? "" : "; did you mean '" + std::string{meant} + "'?"));
  return std::nullopt;
}

}  // namespace troupe::apps
