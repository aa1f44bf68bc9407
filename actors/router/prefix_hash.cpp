#include "actors/router/prefix_hash.hpp"

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace troupe::actors {
namespace {

constexpr std::uint64_t position_key = 0x9e3779b97f4a7c15ULL;
constexpr std::uint64_t content_key = 0xd6e8feb86659fd93ULL;

// Multiplies to 128 bits and folds: one chunk's hash with its place in the chain.
std::uint64_t mum(std::uint64_t content, std::uint64_t position) {
  const auto wide =
      static_cast<unsigned __int128>(content ^ content_key) * (position * position_key | 1);
  return static_cast<std::uint64_t>(wide) ^ static_cast<std::uint64_t>(wide >> 64);
}

}  // namespace

prefix_hash::prefix_hash(hash_seed seed) : seed_{seed.value} {
  static_assert(sizeof secret_ == XXH3_SECRET_DEFAULT_SIZE);
  XXH3_generateSecret_fromSeed(secret_.data(), seed_);
}

void prefix_hash::begin(std::string_view model, std::string_view cache_salt,
                        std::size_t bytes_expected) {
  const auto model_key = XXH3_64bits_withSeed(model.data(), model.size(), seed_);
  sum_ = XXH3_64bits_withSeed(cache_salt.data(), cache_salt.size(), model_key);
  bytes_ = 0;
  sums_.clear();
  sums_.reserve(bytes_expected / chunk_bytes);
}

void prefix_hash::feed(std::string_view bytes) {
  const auto open = static_cast<std::size_t>(bytes_ % chunk_bytes);
  bytes_ += bytes.size();
  if (open != 0) {
    const auto part = std::min(chunk_bytes - open, bytes.size());
    std::memcpy(tail_.data() + open, bytes.data(), part);
    if (open + part < chunk_bytes) return;
    add_chunks(tail_.data(), 1);
    bytes.remove_prefix(part);
  }
  const auto count = bytes.size() / chunk_bytes;
  add_chunks(bytes.data(), count);
  bytes.remove_prefix(count * chunk_bytes);
  if (!bytes.empty()) std::memcpy(tail_.data(), bytes.data(), bytes.size());
}

void prefix_hash::add_chunks(const char* chunks, std::size_t count) {
  const auto first = sums_.size();
  sums_.resize(first + count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto content = XXH3_64bits_withSecret(chunks + i * chunk_bytes, chunk_bytes,
                                                secret_.data(), secret_.size());
    sum_ += mum(content, first + i + 1);
    sums_[first + i] = sum_;
  }
}

std::uint64_t prefix_hash::digest() const {
  const auto open = static_cast<std::size_t>(bytes_ % chunk_bytes);
  return sum_ + mum(XXH3_64bits_withSeed(tail_.data(), open, seed_), bytes_);
}

}  // namespace troupe::actors
