#include "runtime/log.hpp"

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "runtime/log_line.hpp"

namespace troupe::log {

namespace {

constexpr std::pair<std::string_view, level> level_names[] = {{"trace", level::trace},
                                                              {"debug", level::debug},
                                                              {"info", level::info},
                                                              {"warn", level::warn},
                                                              {"error", level::error}};

// What configure() sets; a whole new one each time, so that writers need no lock.
struct settings {
  bool json = false;
  std::string node;
  std::shared_ptr<spdlog::logger> sink;
};

std::atomic<level> threshold{level::info};

std::shared_ptr<const settings> make_settings(bool json, std::string_view node) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("troupe", std::move(sink));
  logger->set_level(spdlog::level::trace);  // `threshold` decides
  // In JSON the message is the inside of an object, so the time can lead the line.
  logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %v",
                      spdlog::pattern_time_type::utc);
  return std::make_shared<settings>(settings{json, std::string{node}, std::move(logger)});
}

// Never destroyed: threads may write while the process ends.
struct current {
  std::mutex mutex;
  std::shared_ptr<const settings> value = make_settings(false, "");
};

current& shared() {
  static auto* instance = new current;
  return *instance;
}

std::shared_ptr<const settings> snapshot() {
  std::lock_guard lock{shared().mutex};
  return shared().value;
}

}  // namespace

std::string_view level_name(level l) {
  return level_names[static_cast<std::size_t>(l)].first;
}

void configure(level lowest, bool json, std::string_view node) {
  auto fresh = make_settings(json, node);
  std::lock_guard lock{shared().mutex};
  shared().value = std::move(fresh);
  threshold.store(lowest);
}

bool parse_level(std::string_view name, level& out) {
  for (const auto& [text, value] : level_names) {
    if (text != name) continue;
    out = value;
    return true;
  }
  return false;
}

bool enabled(level l) {
  return l >= threshold.load(std::memory_order_relaxed);
}

void write(level l, std::string_view message, std::initializer_list<kv> fields) {
  const auto now = snapshot();
  const line_parts parts{l, message, now->node, fields};
  const auto line = now->json ? json_line(parts) : text_line(parts);
  now->sink->log(spdlog::level::info, spdlog::string_view_t{line.data(), line.size()});
  if (l >= level::warn) now->sink->flush();
}

}  // namespace troupe::log
