// Weighted rendezvous hashing: every name draws a number for every key, and the least draw wins.
//
// Names and weights alone decide, so whoever knows them finds the same winner without a table, a
// name that comes or goes moves its own share of the keys and no other, and the shares are in
// proportion to the weights.
//
// Pure. Source: Thaler, Ravishankar, "Using name-based mappings to increase hit rates" (1998); the
// weights are by exponential draws.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

// Returns the number that stands for a key.
std::uint64_t rendezvous_key(std::string_view key);

// Returns the number under which a name draws.
std::uint64_t rendezvous_name(std::string_view name);

// Draws a number, at least 0. REQUIRES: weight > 0.
double rendezvous_draw(std::uint64_t key, std::uint64_t name, double weight);

}  // namespace troupe
