// `troupe check --plan`: who runs where, as text.
#pragma once

#include <string>
#include <vector>

#include "config/topology.hpp"

namespace troupe::apps {

struct plan_report {
  std::string text;
  std::string mistake;  // a sentence; empty: none
};

// Shows the nodes and what each runs, with all of them or without some: then also what moved.
plan_report plan_of(const config::topology& all, const std::vector<std::string>& without);

}  // namespace troupe::apps
