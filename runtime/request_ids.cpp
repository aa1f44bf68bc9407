#include "runtime/request_ids.hpp"

#include <algorithm>

#include <sys/random.h>

#include "runtime/assert.hpp"

namespace troupe {

namespace {

std::uint64_t kernel_seed() {
  std::uint64_t seed = 0;
  TROUPE_ASSERT(getrandom(&seed, sizeof seed, 0) == sizeof seed);
  return seed;
}

}  // namespace

std::string request_id_generator::next() {
  static constexpr char digits[] = "0123456789abcdef";
  const std::uint64_t halves[2] = {
      (random_() & ~0xF000ULL) | 0x4000ULL,               // version 4
      (random_() & ~(0b11ULL << 62)) | (0b10ULL << 62)};  // variant of RFC 9562
  std::string id = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  int shift = 0;
  for (char& c : id) {
    if (c == '-') continue;
    c = digits[(halves[shift / 64] >> (60 - shift % 64)) & 0xF];
    shift += 4;
  }
  return id;
}

std::string make_request_id() {
  thread_local request_id_generator generator{kernel_seed()};
  return generator.next();
}

bool valid_request_id(std::string_view id) {
  return !id.empty() && id.size() <= request_id_bytes_max &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= '!' && c <= '~'; });
}

std::string request_id_or_new(std::string_view incoming) {
  return valid_request_id(incoming) ? std::string{incoming} : make_request_id();
}

}  // namespace troupe
