#include "actors/router/engine_roster.hpp"

#include <algorithm>
#include <utility>

#include "runtime/rendezvous.hpp"

namespace troupe::actors {
namespace {

// The handle of a slot's next engine: the rest of the number tells its engines apart.
engine_id next_id(engine_id last, std::uint32_t slot) {
  const auto generation = static_cast<std::uint32_t>(last) / engines_max + 1;
  return engine_id{generation * engines_max + slot};
}

}  // namespace

engine_roster::engine_roster(const config::router_spec& spec)
    : policy_{spec.policy}, specs_{spec.models} {}

std::optional<engine_id> engine_roster::add(engine_config engine,
                                            const std::function<bool(std::uint32_t)>& is_free) {
  std::uint32_t slot = 0;
  while (slot < engines_.size() && (engines_[slot].used || !is_free(slot))) ++slot;
  if (slot == engines_max) return std::nullopt;
  if (slot == engines_.size()) engines_.emplace_back();
  auto& entry = engines_[slot];
  const auto id = next_id(entry.id, slot);
  entry = rostered_engine{.config = std::move(engine), .id = id, .cost = {}, .used = true};
  entry.name_hash = rendezvous_name(entry.config.name);
  link_models(slot);
  return id;
}

bool engine_roster::update(engine_id id, engine_config engine) {
  auto* entry = find(id);
  if (entry == nullptr) return false;
  // Reports come each second: what was learnt of a model must not go with its last link.
  const bool relink = entry->config.models != engine.models;
  if (relink) unlink_models(slot_of(id));
  entry->config = std::move(engine);
  entry->name_hash = rendezvous_name(entry->config.name);
  if (relink) link_models(slot_of(id));
  return true;
}

void engine_roster::remove(engine_id id) {
  auto* entry = find(id);
  if (entry == nullptr) return;
  unlink_models(slot_of(id));
  *entry = rostered_engine{.config = {}, .id = id, .cost = {}};
}

void engine_roster::set_policies(const config::router_spec& spec) {
  policy_ = spec.policy;
  specs_ = spec.models;
  for (auto& [name, model] : models_) model.policy = policy_of(name);
}

const rostered_engine* engine_roster::find(engine_id id) const {
  const auto slot = slot_of(id);
  if (slot >= engines_.size() || !engines_[slot].used || engines_[slot].id != id) return nullptr;
  return &engines_[slot];
}

rostered_engine* engine_roster::find(engine_id id) {
  return const_cast<rostered_engine*>(std::as_const(*this).find(id));
}

rostered_model* engine_roster::model(std::string_view name) {
  const auto found = models_.find(name);
  return found == models_.end() ? nullptr : &found->second;
}

config::routing_policy engine_roster::policy_of(std::string_view model) const {
  for (const auto& spec : specs_) {
    if (spec.name == model) return spec.policy.value_or(policy_);
  }
  return policy_;
}

void engine_roster::link_models(std::uint32_t slot) {
  for (const auto& model : engines_[slot].config.models) {
    const auto [entry, is_new] = models_.try_emplace(model);
    if (is_new) entry->second.policy = policy_of(model);
    auto& slots = entry->second.slots;
    if (std::find(slots.begin(), slots.end(), slot) == slots.end()) slots.push_back(slot);
  }
}

void engine_roster::unlink_models(std::uint32_t slot) {
  for (const auto& model : engines_[slot].config.models) {
    const auto found = models_.find(model);
    if (found == models_.end()) continue;  // named twice
    std::erase(found->second.slots, slot);
    found->second.turns.forget(slot);
    if (found->second.slots.empty()) models_.erase(found);
  }
}

}  // namespace troupe::actors
