// The engines of a router by slot, the models they serve, and what was learnt of both.
//
// Thread: confined. Bounds: engines_max slots; a model is known while an engine serves it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/router/cost_model.hpp"
#include "actors/router/routing_types.hpp"
#include "actors/router/weighted_rotation.hpp"
#include "config/topology.hpp"
#include "runtime/clock.hpp"

namespace troupe::actors {

inline constexpr std::uint32_t engines_max = 4'096;

// Returns the slot of an engine: a small number, taken by another once it is gone.
inline std::uint32_t slot_of(engine_id id) {
  return static_cast<std::uint32_t>(id) % engines_max;
}

struct rostered_engine {
  engine_config config;
  engine_id id{};
  std::uint64_t name_hash = 0;
  prefill_cost cost;
  time_point full_until{};                 // it said itself that it takes no more
  std::chrono::milliseconds full_wait{0};  // how long the last time
  std::optional<time_point> failed_at{};   // a request of ours, and its proxy has been silent since
  bool used = false;
};

struct rostered_model {
  std::vector<std::uint32_t> slots;
  config::routing_policy policy{};
  weighted_rotation turns;
  token_ratio ratio;
  prefill_cost cost;  // of all its engines: what an engine not yet measured is likely to take
};

class engine_roster {
 public:
  explicit engine_roster(const config::router_spec& spec);

  // Enters an engine into the first unused slot that is free for it; nothing where there is none.
  std::optional<engine_id> add(engine_config engine,
                               const std::function<bool(std::uint32_t)>& is_free);

  // Replaces what is known of an engine; what was learnt stays. False for an unknown handle.
  bool update(engine_id id, engine_config engine);

  void remove(engine_id id);

  // Takes over the policies of models; what was learnt stays.
  void set_policies(const config::router_spec& spec);

  rostered_engine* find(engine_id id);
  const rostered_engine* find(engine_id id) const;
  rostered_model* model(std::string_view name);

  // Slots run from 0 to size() - 1, used or not.
  std::uint32_t size() const { return static_cast<std::uint32_t>(engines_.size()); }
  rostered_engine& at(std::uint32_t slot) { return engines_[slot]; }
  const rostered_engine& at(std::uint32_t slot) const { return engines_[slot]; }

 private:
  config::routing_policy policy_of(std::string_view model) const;
  void link_models(std::uint32_t slot);
  void unlink_models(std::uint32_t slot);

  config::routing_policy policy_;
  std::vector<config::model_spec> specs_;
  std::vector<rostered_engine> engines_;  // by slot
  std::map<std::string, rostered_model, std::less<>> models_;
};

}  // namespace troupe::actors
