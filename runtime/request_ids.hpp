// Request ids: made here, or taken from the client's x-request-id where that is harmless.
//
// Thread: any; each thread has its own generator, seeded by the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace troupe {

inline constexpr std::size_t request_id_bytes_max = 128;

// Makes ids from a seed, for simulation: the same seed, the same ids.
class request_id_generator {
 public:
  explicit request_id_generator(std::uint64_t seed) : random_{seed} {}

  // Returns 36 characters shaped like a version 4 UUID.
  std::string next();

 private:
  std::mt19937_64 random_;
};

// Returns a fresh id.
std::string make_request_id();

// True for 1 to 128 printable ASCII characters.
bool valid_request_id(std::string_view id);

// Returns the client's id if it is valid, else a fresh one.
std::string request_id_or_new(std::string_view incoming);

}  // namespace troupe
