// The chunk chain of a prompt: XXH3 per 64-byte chunk, chained as a prefix sum.
//
// H_i = H_{i-1} + mum(L_i, i), with H_0 from the namespace (model, cache salt) and everything keyed
// by a per-deployment secret, so that a client cannot aim for another's hashes. Equal H_i means
// equal first i chunks, up to chance. Only full chunks count; text comes in pieces of any size.
//
// Thread: confined. Source: shared structure of the prefix-index measurements, docs/design.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/router/routing_types.hpp"

namespace troupe::actors {

// The secret of a deployment; routers that share an index share it.
struct hash_seed {
  std::uint64_t value = 0;
};

class prefix_hash {
 public:
  explicit prefix_hash(hash_seed seed);

  // Starts a new prompt of about so many bytes, in the namespace of (model, salt).
  void begin(std::string_view model, std::string_view cache_salt, std::size_t bytes_expected = 0);

  // Appends bytes to the stream.
  void feed(std::string_view bytes);

  // Appends one byte to the stream.
  void feed(char byte) { feed(std::string_view{&byte, 1}); }

  // Returns the chain of all full chunks; what is left is good for `digest` and `begin`.
  std::vector<chunk_hash> take_chain() { return std::exchange(sums_, {}); }

  // Returns one hash of everything fed, the open chunk included.
  std::uint64_t digest() const;

  // Returns how many bytes were fed since begin.
  std::uint64_t bytes() const { return bytes_; }

 private:
  void add_chunks(const char* chunks, std::size_t count);

  std::uint64_t seed_;
  std::array<char, 192> secret_;        // of the seed, as XXH3 makes it
  std::uint64_t sum_ = 0;               // H_i
  std::uint64_t bytes_ = 0;             // fed in all
  std::array<char, chunk_bytes> tail_;  // the open chunk, bytes_ % chunk_bytes long
  std::vector<chunk_hash> sums_;
};

}  // namespace troupe::actors
