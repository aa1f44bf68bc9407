// The keys that clients of an endpoint show, what each may ask for, and what it has used.
//
// A key is known by its SHA-256 only. A look-up compares with every key, in a time that does not
// tell which one was closest.
// Thread: any. A key does not change but for its buckets, which synchronise themselves; the set of
// keys is replaced as a whole, under a mutex. Who holds a key that was dropped keeps it.
// Bounds: the keys of the configuration.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "actors/stream/token_bucket.hpp"
#include "config/topology.hpp"
#include "runtime/digest.hpp"

namespace troupe::actors {

// One key and its rates.
class api_key {
 public:
  // A key that has used nothing.
  explicit api_key(const config::api_key_spec& spec);

  // A key in the place of another: what that one has used counts, by the new rates.
  api_key(const config::api_key_spec& spec, const api_key& before, time_point now);

  const std::string& name() const { return spec_.name; }
  bool may_use(std::string_view model) const;

  // Take one request, or so many tokens; zero: taken, else how long to wait.
  std::chrono::nanoseconds take_request(time_point now) { return rates_->requests.take(now, 1); }
  std::chrono::nanoseconds take_tokens(time_point now, double count) {
    return rates_->tokens.take(now, count);
  }

  // Corrects what was taken by what was used.
  void settle_tokens(time_point now, double taken, double used);

  // How much of a minute's tokens is used up now; more than all of them after a debt.
  double tokens_used(time_point now) const {
    return rates_->tokens.burst() - rates_->tokens.level(now);
  }

  bool matches(const sha256_digest& digest) const { return same_digest(digest_, digest); }

 private:
  struct rates {
    token_bucket requests;
    token_bucket tokens;
  };

  config::api_key_spec spec_;
  sha256_digest digest_{};
  double tokens_burst_;           // as of this key's own configuration
  std::shared_ptr<rates> rates_;  // one for all keys that follow each other under a name
};

class api_keys {
 public:
  explicit api_keys(const std::vector<config::api_key_spec>& specs);

  // True where the endpoint asks for no key.
  bool empty() const { return current()->empty(); }

  // Returns the key of an Authorization field ("Bearer KEY"), or none.
  std::shared_ptr<api_key> find(std::string_view authorization) const;

  // Admits these keys from now on, and no others. A key whose name was there goes on with what it
  // has used.
  void replace(const std::vector<config::api_key_spec>& specs, time_point now);

 private:
  using key_list = std::vector<std::shared_ptr<api_key>>;

  std::shared_ptr<const key_list> current() const;

  mutable std::mutex mutex_;  // guards the pointer
  std::shared_ptr<const key_list> keys_;
};

}  // namespace troupe::actors
