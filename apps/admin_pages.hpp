// The JSON of the admin API.
//
// Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "actors/messages.hpp"
#include "config/topology.hpp"
#include "config/topology_change.hpp"

namespace troupe::apps {

// In one word what an engine does: starting, up, down, draining, drained.
std::string_view engine_word(const actors::engine_status* status);

// {"engines":[…]}: those that run, with what the router knows of them.
std::string engines_page(const std::map<std::string, config::engine_spec>& running,
                         const std::set<std::string>& leaving,
                         const std::vector<actors::engine_status>& known);

// What a change of one engine has led to: {"engine":NAME,"state":WORD}.
std::string engine_page(std::string_view engine, std::string_view state);

// What a reload does.
std::string change_page(const config::topology_change& change);

}  // namespace troupe::apps
