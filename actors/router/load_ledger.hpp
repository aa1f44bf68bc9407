// What each engine has been given and has not yet finished: leases, and other routers' work.
//
// Of an answer that is not streamed nobody tells the first token: it is presumed to have come once
// its engine has had the estimated own-time for it.
//
// Thread: confined. Units: own-time in integer nanoseconds, so that sums never drift. Bounds: a
// lease lives until its deadline at the latest, then it is dropped and reported.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/router/routing_types.hpp"
#include "runtime/clock.hpp"

namespace troupe::actors {

// A request as the ledger keeps it.
struct lease {
  std::uint32_t slot = 0;
  std::chrono::nanoseconds own_time{0};  // estimated prefill
  time_point assigned;
  time_point deadline;
  bool waiting = true;                   // for its first token
  std::chrono::nanoseconds measured{0};  // own-time as its first token told; 0: not told
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;  // expected
  std::uint64_t prompt_bytes = 0;
  bool tokens_known = false;  // prompt_tokens came with the request
  bool streamed = true;       // its first token will be told
  std::string model;
};

class load_ledger {
 public:
  // Leases are numbered from behind `numbers_from`.
  explicit load_ledger(std::uint64_t numbers_from = 0) : last_id_{numbers_from} {}

  // Makes room for an engine's slot, empty.
  void add_engine(std::uint32_t slot);

  // Enters a lease.
  lease_id assign(lease entry);

  // Takes in the first token, ttft after the assignment; false for a lease that is not known or had
  // one. The lease's measured own-time starts when the engine was free for it, as best known, and
  // is left out where other routers' requests blur it.
  bool first_token(lease_id id, std::chrono::nanoseconds ttft, time_point now);

  // Ends a lease; nothing where it is not known.
  std::optional<lease> finish(lease_id id, time_point now);

  // Ends all leases of an engine and forgets its scraped load.
  std::vector<lease_id> drop_engine(std::uint32_t slot);

  // Ends all leases past their deadline.
  std::vector<lease_id> expire(time_point now);

  // Takes in a scraped load; what exceeds our leases now is other routers'.
  void report_load(std::uint32_t slot, engine_load load);

  // Returns running + waiting, other routers' included.
  std::uint32_t load(std::uint32_t slot) const;

  // Returns the load averaged over about the last 30 s, own leases only.
  double average_load(std::uint32_t slot, time_point now) const;

  // Returns W: own-time assigned and not yet answered, less what the first has run.
  std::chrono::nanoseconds waiting_time(std::uint32_t slot, time_point now);

  // Returns the slot of a lease's engine; nothing where it is not known.
  std::optional<std::uint32_t> slot_of_lease(lease_id id) const;

  // Returns how many requests of ours an engine has.
  std::uint32_t own_load(std::uint32_t slot) const;

  std::size_t size() const { return leases_.size(); }

 private:
  struct engine_entry {
    std::vector<lease_id> waiting;  // in order of assignment
    std::uint32_t decoding = 0;
    std::uint32_t others = 0;
    std::chrono::nanoseconds waiting_own_time{0};
    double average = 0;  // of the load up to average_at
    time_point average_at;
    time_point front_since;  // when the first of `waiting` had the engine to itself
  };

  void settle_average(std::uint32_t slot, time_point now);
  void leave_waiting(lease_id id, const lease& entry, time_point now);
  void presume_measured(lease& entry, time_point now) const;
  void presume_first_tokens(std::uint32_t slot, time_point now);

  std::unordered_map<lease_id, lease> leases_;
  std::set<std::pair<time_point, lease_id>> deadlines_;
  std::vector<engine_entry> engines_;  // by slot
  std::uint64_t last_id_;
};

}  // namespace troupe::actors
