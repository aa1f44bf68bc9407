#include "config/topology_names.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

template <class Enum>
std::optional<Enum> find(const name_list& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

const name_list& routing_policy_names() {
  static const name_list names{"round_robin", "least_loaded", "prefix", "session"};
  return names;
}

const name_list& model_policy_names() {
  static const name_list names = [] {
    name_list all{"inherit"};
    all.insert(all.end(), routing_policy_names().begin(), routing_policy_names().end());
    return all;
  }();
  return names;
}

const name_list& engine_kind_names() {
  static const name_list names{"embedded", "openai"};
  return names;
}

const name_list& kv_publisher_names() {
  static const name_list names{"none", "zmq"};
  return names;
}

const name_list& restart_strategy_names() {
  static const name_list names{"one_for_one", "one_for_all", "rest_for_one"};
  return names;
}

const name_list& log_format_names() {
  static const name_list names{"text", "json"};
  return names;
}

const name_list& log_level_names() {
  static const name_list names{"trace", "debug", "info", "warn", "error"};
  return names;
}

std::string_view to_string(routing_policy value) {
  return routing_policy_names().at(static_cast<std::size_t>(value));
}
std::string_view to_string(engine_kind value) {
  return engine_kind_names().at(static_cast<std::size_t>(value));
}
std::string_view to_string(restart_strategy value) {
  return restart_strategy_names().at(static_cast<std::size_t>(value));
}
std::string_view to_string(log_format value) {
  return log_format_names().at(static_cast<std::size_t>(value));
}

std::optional<routing_policy> parse_routing_policy(std::string_view name) {
  return find<routing_policy>(routing_policy_names(), name);
}
std::optional<log_format> parse_log_format(std::string_view name) {
  return find<log_format>(log_format_names(), name);
}

}  // namespace troupe::config
