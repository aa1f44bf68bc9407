// Values of flags, read with the units and words of the configuration file.
#pragma once

#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/error.hpp>

#include "config/field_visitor.hpp"

namespace troupe::apps {

using flag_text = std::optional<std::string>;  // nothing: the flag is not given

// Reads flags one after the other and keeps the first mistake; a flag not given changes nothing.
class flag_reader {
 public:
  template <std::unsigned_integral T>
  void count(std::string_view flag, const flag_text& text, config::range allowed, T& value) {
    if (const auto number = read_count(flag, text, allowed)) value = static_cast<T>(*number);
  }
  template <std::unsigned_integral T>
  void bytes(std::string_view flag, const flag_text& text, config::range allowed, T& value) {
    if (const auto number = read_bytes(flag, text, allowed)) value = static_cast<T>(*number);
  }
  void duration(std::string_view flag, const flag_text& text, std::chrono::milliseconds& value);
  void address(std::string_view flag, const flag_text& text, std::string& value);
  void port(std::string_view flag, const flag_text& text, std::uint16_t& value);
  void text(std::string_view flag, const flag_text& text, std::string& value);

  // Reads one of `names` into its index.
  template <class Enum>
  void choice(std::string_view flag, const flag_text& text,
              const std::vector<std::string_view>& names, Enum& value) {
    if (const auto index = read_word(flag, text, names)) value = static_cast<Enum>(*index);
  }
  std::optional<std::size_t> read_word(std::string_view flag, const flag_text& text,
                                       const std::vector<std::string_view>& names);

  // Notes a mistake of the caller's own finding.
  void fail(std::string sentence);

  // The first mistake as invalid_config, or no error.
  caf::error error() const;

 private:
  std::optional<std::uint64_t> read_count(std::string_view flag, const flag_text& text,
                                          config::range allowed);
  std::optional<std::uint64_t> read_bytes(std::string_view flag, const flag_text& text,
                                          config::range allowed);
  void expected(std::string_view flag, const std::string& text, const std::string& wanted);

  std::string mistake_;
};

}  // namespace troupe::apps
