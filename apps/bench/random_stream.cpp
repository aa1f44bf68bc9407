#include "apps/bench/random_stream.hpp"

#include <cmath>
#include <numbers>

namespace troupe::apps::bench {

namespace {

constexpr std::uint64_t golden = 0x9E3779B97F4A7C15ULL;

constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

}  // namespace

std::uint64_t mixed_seed(std::uint64_t a, std::uint64_t b) {
  return mix(mix(a + golden) ^ (b * golden + 1));
}

random_stream::random_stream(std::uint64_t seed, std::string_view purpose, std::uint64_t index)
    : state_{seed} {
  for (const char c : purpose) state_ = mixed_seed(state_, static_cast<unsigned char>(c));
  state_ = mixed_seed(state_, index);
}

std::uint64_t random_stream::next() {
  state_ += golden;
  return mix(state_);
}

double random_stream::unit() {
  return static_cast<double>(next() >> 11U) * 0x1p-53;
}

std::uint64_t random_stream::below(std::uint64_t n) {
  // The high half of a product: its bias is below n / 2^64.
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * n) >> 64U);
}

double random_stream::exponential(double mean) {
  return -mean * std::log1p(-unit());
}

double random_stream::normal() {
  const double radius = std::sqrt(-2 * std::log1p(-unit()));
  return radius * std::cos(2 * std::numbers::pi * unit());
}

}  // namespace troupe::apps::bench
