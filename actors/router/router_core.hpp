// The router's decisions without the actor: engines, prefix index, ledger and costs in one value.
//
// Thread: confined to its owner (the router actor). No clock, no randomness, no I/O: time comes in.
// Bounds: engines 4,096; index blocks by router_limits; leases end by lease_lifetime at the latest.
// Errors: unknown_model where no engine of any state serves it; no_engine where all that do are
// down, draining or excluded; overloaded, without a text, where all others that are eligible
// (eligible_engines.hpp) are full: they have as many requests as they may, as much prefill waiting
// as they may, or said so themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "actors/router/cost_model.hpp"
#include "actors/router/engine_choice.hpp"
#include "actors/router/engine_roster.hpp"
#include "actors/router/load_ledger.hpp"
#include "actors/router/routing_types.hpp"
#include "actors/router/run_index.hpp"
#include "config/topology.hpp"
#include "runtime/clock.hpp"

namespace troupe::actors {

struct router_core_options {
  std::chrono::seconds lease_lifetime{3600};   // a lease not ended by then is dropped and reported
  std::chrono::seconds index_lifetime{86400};  // blocks not used for so long are forgotten
  std::uint64_t lease_numbers_from = 0;
};

// What maintain found.
struct maintenance_report {
  std::vector<lease_id> expired;  // leases nobody ended: a bug or a lost message upstream
  std::size_t blocks_dropped = 0;
};

class router_core {
 public:
  explicit router_core(const config::router_spec& spec, router_core_options options = {});

  // Takes over policies, weights of sessions and bounds; those of the index and its size stay.
  void set_spec(const config::router_spec& spec);

  // Adds an engine and returns its handle, or nothing where there are too many.
  std::optional<engine_id> add_engine(engine_config engine);

  // Replaces what is known of an engine; its cache and leases stay. False for an unknown handle.
  bool update_engine(engine_id id, engine_config engine);

  // Changes whether an engine takes requests; its cache and leases stay.
  bool set_state(engine_id id, engine_state state);

  // Forgets an engine; returns the leases it still had.
  std::vector<lease_id> remove_engine(engine_id id);

  // Marks an engine dead, with its cache; returns the leases it still had.
  std::vector<lease_id> engine_failed(engine_id id);

  // Takes in a scraped load: what exceeds our own leases is other routers' work.
  void report_load(engine_id id, engine_load load);

  // Chooses an engine, leases it and promises it the prompt's chain; skips the excluded ones.
  caf::expected<decision> route(const prompt_facts& facts, std::span<const engine_id> excluded,
                                time_point now);

  // Says what each candidate of the last route would have cost; valid until the next call.
  std::span<const engine_cost> last_costs() const { return costs_; }

  // Takes in that the lease's first token came, ttft after it was assigned.
  void first_token(lease_id lease, std::chrono::nanoseconds ttft, time_point now);

  // Ends a lease; returns predicted against actual where the answer said how much was cached.
  std::optional<prediction> finished(lease_id lease, const usage_counts& usage,
                                     lease_outcome outcome, time_point now);

  // Drops overdue leases, expires and sweeps the index for a bounded time; call about each second.
  maintenance_report maintain(time_point now);

  const engine_config* engine(engine_id id) const;
  std::uint32_t load_of(engine_id id) const;
  std::uint32_t leases_of(engine_id id) const;  // of these, ours
  std::size_t lease_count() const { return ledger_.size(); }
  std::size_t block_count() const { return index_.block_count(); }

 private:
  static void takes_again(rostered_engine& engine);
  void size_cache(std::uint32_t slot);
  void restore_cache(std::uint32_t slot);
  bool has_room(std::uint32_t slot, const rostered_model& model, time_point now);
  bool gather_candidates(const rostered_model& model, std::span<const engine_id> excluded,
                         time_point now);
  std::uint32_t estimate_tokens(const prompt_facts& facts, const rostered_model& model) const;
  void price(const prompt_facts& facts, const rostered_model& model, std::uint32_t prompt_tokens,
             time_point now);
  const prefill_cost& cost_of(std::uint32_t slot, const rostered_model& model) const;
  decision commit(const prompt_facts& facts, std::uint32_t prompt_tokens,
                  const engine_choice& chosen, time_point now);
  std::uint32_t tick(time_point now) const;

  config::router_spec spec_;
  router_core_options options_;
  engine_roster roster_;
  run_index index_;
  load_ledger ledger_;
  std::optional<time_point> started_;
  std::vector<engine_cost> costs_;
  std::vector<std::uint32_t> matches_;  // chunks by slot, of the last query
};

}  // namespace troupe::actors
