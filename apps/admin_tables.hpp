// What the admin API answers, as tables for people.
//
// Pure. What is no such answer is returned as it is.
#pragma once

#include <string>
#include <string_view>

namespace troupe::apps {

// The listing of engines.
std::string engines_table(std::string_view page);

// A cluster as one node sees it: its nodes, links and engines.
std::string status_tables(std::string_view page);

}  // namespace troupe::apps
