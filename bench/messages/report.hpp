// Rates of several contestants over interleaved repeats, as a table and as one line of JSON.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/messages/message_load.hpp"

namespace troupe::bench {

struct measured_contestant {
  std::string name;
  bool is_peer = false;
  std::string compared_with{};  // by name; empty: all peers
};

// Rates in messages per second, [contestant][load][repeat]. Ours are compared with each peer's of
// the same repeat: what slows the machine slows both.
struct message_rates {
  std::vector<measured_contestant> contestants;
  std::vector<message_load> loads;
  std::vector<std::vector<std::vector<double>>> rates;
};

// Prints medians, and the ratios of ours to the peers'.
void print_table(const message_rates& rates);

// Prints the same as one line of JSON.
void print_json(const message_rates& rates);

}  // namespace troupe::bench
