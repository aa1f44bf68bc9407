// Structured logging: a sentence and fields, written as text or JSON lines to stderr by spdlog.
//
// Thread: any. Without spdlog's headers, which cost seconds per translation unit.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace troupe::log {

enum class level { trace, debug, info, warn, error };

// One key with its value, already rendered; `quoted` says whether JSON needs quotes around it.
struct kv {
  kv(std::string_view k, std::string_view v) : key{k}, value{v}, quoted{true} {}
  kv(std::string_view k, const char* v) : kv{k, std::string_view{v}} {}
  kv(std::string_view k, const std::string& v) : kv{k, std::string_view{v}} {}
  kv(std::string_view k, bool v) : key{k}, value{v ? "true" : "false"}, quoted{false} {}
  template <std::integral T>
  kv(std::string_view k, T v) : key{k}, value{std::to_string(v)}, quoted{false} {}
  template <std::floating_point T>
  kv(std::string_view k, T v) : key{k}, value{std::to_string(v)}, quoted{false} {}

  std::string_view key;
  std::string value;
  bool quoted;
};

// Sets threshold and format for the whole process; `node` goes into every line when not empty.
void configure(level threshold, bool json, std::string_view node);

// Returns false for a name that is no level.
bool parse_level(std::string_view name, level& out);

bool enabled(level l);
void write(level l, std::string_view message, std::initializer_list<kv> fields);

inline void debug(std::string_view message, std::initializer_list<kv> fields = {}) {
  if (enabled(level::debug)) write(level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<kv> fields = {}) {
  if (enabled(level::info)) write(level::info, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<kv> fields = {}) {
  if (enabled(level::warn)) write(level::warn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<kv> fields = {}) {
  if (enabled(level::error)) write(level::error, message, fields);
}

}  // namespace troupe::log
