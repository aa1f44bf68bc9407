// Gives each session an engine by consistent hashing with bounded loads.
//
// Every engine draws a number for every key; the least draw is the key's home, the next ones its
// way out. An engine takes a request only while it stays below `balance` percent of the mean load
// its weight entitles it to; the first engine on the key's way that does is chosen, and there is
// always one. A key's order depends on the engines' names alone, so that an engine that comes or
// goes moves its own share of the keys, about 1/n, and leaves the others where they are.
//
// Pure. Source: Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads" (2016);
// the order is by weighted rendezvous hashing instead of a ring, which needs no table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "actors/router/routing_types.hpp"

namespace troupe::actors {

struct session_choice {
  std::size_t index = 0;  // of the line chosen
  bool is_home = true;    // false: the key's home is too loaded
};

// Chooses among the lines, at least one; balance is percent, above 100.
session_choice choose_for_session(std::span<const engine_cost> lines, std::string_view key,
                                  std::uint32_t balance);

}  // namespace troupe::actors
