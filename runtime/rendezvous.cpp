#include "runtime/rendezvous.hpp"

#include <cmath>

#include <xxhash.h>

namespace troupe {

namespace {

// The finaliser of splitmix64: every bit of the input moves every bit of the output.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

std::uint64_t rendezvous_key(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

std::uint64_t rendezvous_name(std::string_view name) {
  return mixed(rendezvous_key(name));
}

double rendezvous_draw(std::uint64_t key, std::uint64_t name, double weight) {
  // Exponential with the weight as the rate, so that the least of all draws is this one's with a
  // chance in proportion to the weight.
  const auto bits = mixed(key ^ name) >> 11;
  const double unit = (static_cast<double>(bits) + 1) * 0x1p-53;  // (0, 1]
  return -std::log(unit) / weight;
}

}  // namespace troupe
