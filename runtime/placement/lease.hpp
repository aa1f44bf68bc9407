// A lease: at most one holder at a time, and an epoch that tells its acts from an earlier holder's.
//
// Nobody's clock is compared with another's. A holder believes in its lease until `ttl` after it
// began to write it; another candidate takes it only after it has itself watched the record stand
// still for `ttl` and a quarter more, which is what clocks may differ in rate. So the clock may
// jump on one machine and differ between machines.
//
// A holder that was stopped between looking at its lease and acting acts late all the same. What it
// acts on therefore keeps a `fence`: acts carry the epoch, and one of an earlier epoch is refused.
//
// Thread: a candidate is one thread's; a store is shared by all its candidates.
// Errors: of the store; io_error, malformed_file, overloaded (another writes it now: try again).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <caf/expected.hpp>

#include "runtime/clock.hpp"

namespace troupe {

struct lease_limits {
  static constexpr std::size_t holder_bytes_max = 128;
  static constexpr std::chrono::milliseconds ttl_max{24LL * 60 * 60 * 1'000};
};

struct lease_record {
  std::string holder;          // unique for each life of a candidate; empty: nobody
  std::uint64_t epoch = 0;     // raised with each new tenure, never lowered
  std::uint64_t renewals = 0;  // within the tenure
  std::chrono::milliseconds ttl{0};

  bool operator==(const lease_record&) const = default;
};

// Returns what a record breaks, empty if it is within the bounds.
std::string flaw(const lease_record& record);

// Where one lease is kept. A Kubernetes Lease fits, its resourceVersion being the comparison.
class lease_store {
 public:
  virtual ~lease_store() = default;

  // Returns the record; one without holder and of epoch 0 where none was written.
  virtual caf::expected<lease_record> read() = 0;

  // Writes `next` if the record still is `was`, and says whether it did.
  virtual caf::expected<bool> replace(const lease_record& was, const lease_record& next) = 0;
};

enum class lease_state : std::uint8_t { held, taken };  // taken: by another

// Parts of the rules that tests turn off, to see that they are missed.
struct lease_parts {
  bool epochs = true;    // a new tenure has a new epoch
  bool patience = true;  // another's lease is taken only after it stood still
  bool expiry = true;    // one's own lease ends with its time
};

struct lease_options {
  std::string holder;
  std::chrono::milliseconds ttl{10'000};
  lease_parts parts{};
};

class lease_candidate {
 public:
  using clock = std::function<time_point()>;

  // REQUIRES: holder and ttl are within lease_limits and not empty; the store outlives it.
  lease_candidate(lease_store& store, lease_options options, clock clock);

  // Takes the lease if it is free or its holder has stood still; renews it if it is ours. To be
  // called again and again: a quarter of ttl is a good pace.
  caf::expected<lease_state> acquire();

  // Prolongs our tenure; `taken` where it has ended, and then only acquire() begins another.
  caf::expected<lease_state> renew();

  // Ends our tenure at once, so that another need not wait. Nothing where we have none.
  caf::error release();

  // Tells whether we may act now, under epoch().
  bool holds() const;

  // Returns the epoch of our tenure, 0 before the first one.
  std::uint64_t epoch() const { return ours_ ? ours_->epoch : last_epoch_; }

 private:
  bool may_take(const lease_record& record);
  caf::expected<lease_state> write(const lease_record& was, const lease_record& next);
  void end();

  lease_store& store_;
  lease_options options_;
  clock clock_;
  std::optional<lease_record> ours_;  // as we last wrote it
  time_point ours_until_{};
  std::uint64_t last_epoch_ = 0;
  std::optional<lease_record> watched_;  // another's, as we last saw it
  time_point watched_since_{};
};

// Kept by whatever a holder acts on.
class fence {
 public:
  // Tells whether an act of this epoch may take effect: none of a later one has come before it.
  bool admit(std::uint64_t epoch) {
    if (epoch < highest_) return false;
    highest_ = epoch;
    return true;
  }

 private:
  std::uint64_t highest_ = 0;
};

}  // namespace troupe
