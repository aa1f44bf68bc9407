// Rates of several contestants over interleaved repeats, as a table and as one line of JSON.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/messages/message_load.hpp"

namespace troupe::bench {

// Rates in messages per second, [contestant][load][repeat]; the last contestant is ours where there
// is more than one, and is compared with each other one of the same repeat.
struct message_rates {
  std::vector<std::string> contestants;
  std::vector<message_load> loads;
  std::vector<std::vector<std::vector<double>>> rates;
};

// Prints medians and the ratios of ours to the others.
void print_table(const message_rates& rates);

// Prints the same as one line of JSON.
void print_json(const message_rates& rates);

}  // namespace troupe::bench
