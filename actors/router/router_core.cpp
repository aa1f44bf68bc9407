#include "actors/router/router_core.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "actors/router/session_hash.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {
namespace {

using std::chrono::duration;
using std::chrono::nanoseconds;

constexpr std::uint32_t slot_bits = 12;
constexpr std::uint32_t engines_max = 1U << slot_bits;
constexpr std::size_t intervals_per_sweep_max = 2'000;
constexpr std::size_t intervals_per_route_max = 8;
constexpr auto tick_length = std::chrono::milliseconds{100};
constexpr std::int64_t ticks_per_s = 10;
constexpr std::uint64_t observations_to_trust = 4;

std::uint32_t slot_of(engine_id id) {
  return static_cast<std::uint32_t>(id) % engines_max;
}

// The handle of a slot's next engine: the rest of the number tells its engines apart.
engine_id next_id(engine_id last, std::uint32_t slot) {
  const auto generation = (static_cast<std::uint32_t>(last) >> slot_bits) + 1;
  return engine_id{generation << slot_bits | slot};
}

}  // namespace

router_core::router_core(const config::router_spec& spec, router_core_options options)
    : spec_{spec}, options_{options}, index_{spec.limits.index_blocks_max} {}

std::optional<engine_id> router_core::add_engine(engine_config engine) {
  std::uint32_t slot = 0;
  while (slot < engines_.size() && (engines_[slot].used || !index_.is_free(slot))) ++slot;
  if (slot == engines_max) return std::nullopt;
  if (slot == engines_.size()) engines_.emplace_back();
  auto& entry = engines_[slot];
  const auto hash = engine_hash(engine.name);
  entry = engine_entry{std::move(engine), next_id(entry.id, slot), hash, {}, true};
  index_.add_engine(slot);
  ledger_.add_engine(slot);
  link_models(slot);
  size_cache(slot);
  return entry.id;
}

bool router_core::update_engine(engine_id id, engine_config engine) {
  auto* entry = find(id);
  if (entry == nullptr) return false;
  // Reports come each second: what was learnt of a model must not go with its last link.
  const bool relink = entry->config.models != engine.models;
  if (relink) unlink_models(slot_of(id));
  entry->config = std::move(engine);
  entry->name_hash = engine_hash(entry->config.name);
  if (relink) link_models(slot_of(id));
  size_cache(slot_of(id));
  return true;
}

bool router_core::set_state(engine_id id, engine_state state) {
  auto* entry = find(id);
  if (entry != nullptr) entry->config.state = state;
  return entry != nullptr;
}

std::vector<lease_id> router_core::remove_engine(engine_id id) {
  auto* entry = find(id);
  if (entry == nullptr) return {};
  const auto slot = slot_of(id);
  unlink_models(slot);
  if (index_.is_alive(slot)) index_.remove_engine(slot);
  *entry = engine_entry{{}, id, 0, {}, false};
  return ledger_.drop_engine(slot);
}

std::vector<lease_id> router_core::engine_failed(engine_id id) {
  auto* entry = find(id);
  if (entry == nullptr) return {};
  const auto slot = slot_of(id);
  entry->config.state = engine_state::down;
  if (index_.is_alive(slot)) index_.remove_engine(slot);
  return ledger_.drop_engine(slot);
}

void router_core::report_load(engine_id id, engine_load load) {
  if (find(id) != nullptr) ledger_.report_load(slot_of(id), load);
}

caf::expected<decision> router_core::route(const prompt_facts& facts,
                                           std::span<const engine_id> excluded, time_point now) {
  const auto model = models_.find(facts.model);
  if (model == models_.end()) {
    const auto asked = facts.alias.empty() ? "" : ", which '" + facts.alias + "' stands for";
    return make_failure(errc::unknown_model,
                        "No engine serves the model '" + facts.model + "'" + asked + ".");
  }
  gather_candidates(model->second, excluded);
  if (costs_.empty()) {
    return make_failure(errc::no_engine,
                        "No engine that serves '" + facts.model + "' takes requests now.");
  }
  const auto tokens = estimate_tokens(facts, model->second);
  price(facts, model->second, tokens, now);
  const choice_rules rules{model->second.policy, spec_.session.balance};
  const auto chosen = choose_engine(rules, costs_, facts.session, model->second.turns);
  return commit(facts, tokens, chosen, now);
}

void router_core::first_token(lease_id lease, nanoseconds ttft, time_point now) {
  ledger_.first_token(lease, ttft, now);
}

std::optional<prediction> router_core::finished(lease_id lease, const usage_counts& usage,
                                                lease_outcome outcome, time_point now) {
  const auto ended = ledger_.finish(lease, now);
  if (!ended || outcome == lease_outcome::failed) return std::nullopt;
  auto& engine = engines_[ended->slot];
  const auto prompt = usage.prompt_tokens != 0 ? usage.prompt_tokens : ended->prompt_tokens;
  const auto cached = usage.cached_known ? usage.cached_tokens : ended->cached_tokens;
  const auto model = models_.find(ended->model);
  if (ended->measured.count() > 0 && cached <= prompt) {
    const auto seconds = duration<double>{ended->measured}.count();
    engine.cost.observe(cached, prompt - cached, seconds);
    if (model != models_.end()) model->second.cost.observe(cached, prompt - cached, seconds);
  }
  if (model != models_.end() && !ended->tokens_known && usage.prompt_tokens != 0) {
    model->second.ratio.observe(static_cast<double>(ended->prompt_bytes), usage.prompt_tokens);
  }
  if (!usage.cached_known || usage.prompt_tokens == 0) return std::nullopt;
  return prediction{engine.id, usage.prompt_tokens, ended->cached_tokens, usage.cached_tokens};
}

maintenance_report router_core::maintain(time_point now) {
  maintenance_report report;
  report.expired = ledger_.expire(now);
  const auto lifetime = static_cast<std::uint32_t>(options_.index_lifetime.count() * ticks_per_s);
  const auto at = tick(now);
  if (at > lifetime) report.blocks_dropped = index_.expire(at - lifetime, intervals_per_sweep_max);
  index_.sweep(intervals_per_sweep_max);
  for (std::uint32_t slot = 0; slot < engines_.size(); ++slot) {
    if (!engines_[slot].used) continue;
    restore_cache(slot);
    size_cache(slot);
  }
  return report;
}

const engine_config* router_core::engine(engine_id id) const {
  const auto* entry = find(id);
  return entry == nullptr ? nullptr : &entry->config;
}

std::uint32_t router_core::load_of(engine_id id) const {
  return find(id) == nullptr ? 0 : ledger_.load(slot_of(id));
}

const router_core::engine_entry* router_core::find(engine_id id) const {
  const auto slot = slot_of(id);
  if (slot >= engines_.size() || !engines_[slot].used || engines_[slot].id != id) return nullptr;
  return &engines_[slot];
}

router_core::engine_entry* router_core::find(engine_id id) {
  return const_cast<engine_entry*>(std::as_const(*this).find(id));
}

void router_core::link_models(std::uint32_t slot) {
  for (const auto& model : engines_[slot].config.models) {
    const auto [entry, is_new] = models_.try_emplace(model);
    if (is_new) entry->second.policy = policy_of(model);
    auto& slots = entry->second.slots;
    if (std::find(slots.begin(), slots.end(), slot) == slots.end()) slots.push_back(slot);
  }
}

void router_core::unlink_models(std::uint32_t slot) {
  for (const auto& model : engines_[slot].config.models) {
    const auto found = models_.find(model);
    if (found == models_.end()) continue;  // named twice
    std::erase(found->second.slots, slot);
    found->second.turns.forget(slot);
    if (found->second.slots.empty()) models_.erase(found);
  }
}

// Gives an engine that failed an empty cache again, once its old one is swept.
void router_core::restore_cache(std::uint32_t slot) {
  if (!index_.is_alive(slot) && index_.is_free(slot)) index_.add_engine(slot);
}

// Tells the index how many chunks the engine's own cache holds, by what is known of the model.
void router_core::size_cache(std::uint32_t slot) {
  const auto& config = engines_[slot].config;
  if (config.models.empty() || !index_.is_alive(slot)) return;
  const auto& ratio = models_.find(config.models.front())->second.ratio;
  const auto bytes = ratio.bytes(static_cast<double>(config.kv_tokens_max));
  index_.set_capacity(slot, static_cast<std::size_t>(bytes) / chunk_bytes);
}

std::uint32_t router_core::tick(time_point now) const {
  return started_ ? static_cast<std::uint32_t>((now - *started_) / tick_length) : 0;
}

config::routing_policy router_core::policy_of(const std::string& model) const {
  for (const auto& spec : spec_.models) {
    if (spec.name == model) return spec.policy.value_or(spec_.policy);
  }
  return spec_.policy;
}

// Lists the engines that may take the request.
void router_core::gather_candidates(const model_entry& model, std::span<const engine_id> excluded) {
  costs_.clear();
  for (const auto slot : model.slots) {
    const auto& entry = engines_[slot];
    if (entry.config.state != engine_state::up) continue;
    if (std::find(excluded.begin(), excluded.end(), entry.id) != excluded.end()) continue;
    costs_.push_back({.engine = entry.id,
                      .slot = slot,
                      .weight = std::max(1U, entry.config.settings.weight),
                      .name_hash = entry.name_hash});
  }
}

std::uint32_t router_core::estimate_tokens(const prompt_facts& facts,
                                           const model_entry& model) const {
  if (facts.prompt_tokens != 0) return facts.prompt_tokens;
  const auto tokens = model.ratio.tokens(static_cast<double>(facts.prompt_bytes));
  return std::max(1U, static_cast<std::uint32_t>(std::min(tokens, 1e9)));
}

const prefill_cost& router_core::cost_of(std::uint32_t slot, const model_entry& model) const {
  const auto& own = engines_[slot].cost;
  return own.observations() < observations_to_trust ? model.cost : own;
}

// The cost of the design, and two terms for what it does not see, both near nothing on a busy
// cluster that is in balance: what the prompt would push out of a full cache has to be computed
// again, and an engine that is idle just now but had all the work of late is no better than one
// that had none. Without them, requests that come one at a time all follow a shared start to one
// engine. What an engine has to do counts for less the heavier it is; what the request costs there
// is learnt from it and needs no weight.
void router_core::price(const prompt_facts& facts, const model_entry& model,
                        std::uint32_t prompt_tokens, time_point now) {
  index_.match(facts.chain, matches_);
  const auto bytes = std::max<std::uint64_t>(facts.prompt_bytes, 1);
  const auto tokens_per_chunk =
      static_cast<double>(prompt_tokens) * chunk_bytes / static_cast<double>(bytes);
  double weights = 0;
  for (const auto& line : costs_) weights += line.weight;
  for (auto& line : costs_) {
    const auto slot = line.slot;
    const auto matched = std::uint64_t{matches_[slot]} * chunk_bytes;
    // At least one token is always computed: it yields the first one of the answer.
    line.cached_tokens = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(prompt_tokens * matched / bytes, prompt_tokens - 1));
    line.load = ledger_.load(slot);
    const auto& cost = cost_of(slot, model);
    line.own_s = cost.seconds(line.cached_tokens, prompt_tokens - line.cached_tokens);
    line.waiting_s = duration<double>{ledger_.waiting_time(slot, now)}.count();
    const auto lost_chunks = index_.displaced_by(slot, facts.chain.size() - matches_[slot]);
    line.displaced_s = cost.seconds(0, static_cast<double>(lost_chunks) * tokens_per_chunk);
    const auto load = std::max<double>(line.load, ledger_.average_load(slot, now));
    const auto share = line.weight * static_cast<double>(costs_.size()) / weights;
    line.cost_s = (line.waiting_s / share + line.own_s + line.displaced_s) * (load / share + 1);
  }
}

decision router_core::commit(const prompt_facts& facts, std::uint32_t prompt_tokens,
                             const engine_choice& chosen, time_point now) {
  const auto& line = costs_[chosen.index];
  const auto slot = line.slot;
  decision made{.engine = line.engine,
                .prompt_tokens = prompt_tokens,
                .cached_tokens = line.cached_tokens,
                .matched_chunks = matches_[slot],
                .reason = chosen.reason};
  made.lease = ledger_.assign({.slot = slot,
                               .own_time = nanoseconds{std::llround(line.own_s * 1e9)},
                               .assigned = now,
                               .deadline = now + options_.lease_lifetime,
                               .prompt_tokens = prompt_tokens,
                               .cached_tokens = line.cached_tokens,
                               .prompt_bytes = facts.prompt_bytes,
                               .tokens_known = facts.prompt_tokens != 0,
                               .model = facts.model});
  if (!started_) started_ = now;
  index_.sweep(intervals_per_route_max);
  if (index_.is_alive(slot)) index_.insert(slot, facts.chain, tick(now));
  return made;
}

}  // namespace troupe::actors
