// Random numbers that depend on nothing but their key, so that a schedule or a text can be made
// again without making all that came before it.
//
// Source: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::apps::bench {

class random_stream {
 public:
  // The purpose keeps the streams of one seed apart, the index those of one purpose.
  random_stream(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

  // Returns 64 random bits.
  std::uint64_t next();

  // Returns a number of [0, 1).
  double unit();

  // Returns a whole number below `n`, which is not 0.
  std::uint64_t below(std::uint64_t n);

  // Draws from the exponential distribution of that mean.
  double exponential(double mean);

  // Draws from the normal distribution of mean 0 and deviation 1.
  double normal();

 private:
  std::uint64_t state_;
};

// Returns a seed that is made of two, for what must differ with either.
std::uint64_t mixed_seed(std::uint64_t a, std::uint64_t b);

}  // namespace troupe::apps::bench
