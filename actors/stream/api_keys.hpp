// The keys that clients of an endpoint show, what each may ask for, and what it has used.
//
// A key is known by its SHA-256 only. A look-up compares with every key, in a time that does not
// tell which one was closest.
// Thread: any; what changes are the buckets, which synchronise themselves.
// Bounds: the keys of the configuration.
#pragma once

#include <chrono>
#include <deque>
#include <string_view>

#include "actors/stream/token_bucket.hpp"
#include "config/topology.hpp"
#include "runtime/digest.hpp"

namespace troupe::actors {

// One key and its rates.
class api_key {
 public:
  explicit api_key(const config::api_key_spec& spec);

  const std::string& name() const { return spec_.name; }
  bool may_use(std::string_view model) const;

  // Take one request, or so many tokens; zero: taken, else how long to wait.
  std::chrono::nanoseconds take_request(time_point now) { return requests_.take(now, 1); }
  std::chrono::nanoseconds take_tokens(time_point now, double count) {
    return tokens_.take(now, count);
  }

  // Corrects what was taken by what was used.
  void settle_tokens(time_point now, double taken, double used);

  // How much of a minute's tokens is used up now; more than all of them after a debt.
  double tokens_used(time_point now) const { return tokens_burst_ - tokens_.level(now); }

  bool matches(const sha256_digest& digest) const { return same_digest(digest_, digest); }

 private:
  config::api_key_spec spec_;
  sha256_digest digest_{};
  double tokens_burst_;
  token_bucket requests_;
  token_bucket tokens_;
};

class api_keys {
 public:
  explicit api_keys(const std::vector<config::api_key_spec>& specs);

  // True where the endpoint asks for no key.
  bool empty() const { return keys_.empty(); }

  // Returns the key of an Authorization field ("Bearer KEY"), or none.
  api_key* find(std::string_view authorization);

 private:
  std::deque<api_key> keys_;  // they do not move
};

}  // namespace troupe::actors
