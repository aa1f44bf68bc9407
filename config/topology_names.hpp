// The words for the enumerations of a topology, as files and flags spell them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/topology.hpp"

namespace troupe::config {

using name_list = std::vector<std::string_view>;

// The words of each enumeration, in the order of its enumerators.
const name_list& routing_policy_names();
// The same after `inherit`, which stands for the router's own policy.
const name_list& model_policy_names();
const name_list& engine_kind_names();
const name_list& kv_publisher_names();
const name_list& restart_strategy_names();
const name_list& log_format_names();
const name_list& log_level_names();

std::string_view to_string(routing_policy value);
std::string_view to_string(engine_kind value);
std::string_view to_string(restart_strategy value);
std::string_view to_string(log_format value);

// Finds the enumerator of a word.
std::optional<routing_policy> parse_routing_policy(std::string_view name);
std::optional<log_format> parse_log_format(std::string_view name);

}  // namespace troupe::config
