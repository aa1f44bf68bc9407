#include "actors/router/router_core.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "actors/router/eligible_engines.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {
namespace {

using std::chrono::duration;
using std::chrono::nanoseconds;

constexpr std::size_t intervals_per_sweep_max = 2'000;
constexpr std::size_t intervals_per_route_max = 8;
constexpr auto tick_length = std::chrono::milliseconds{100};
constexpr std::int64_t ticks_per_s = 10;
constexpr std::uint64_t observations_to_trust = 4;
constexpr std::chrono::milliseconds full_wait_min{100};
constexpr std::chrono::milliseconds full_wait_max{2'000};

}  // namespace

router_core::router_core(const config::router_spec& spec, router_core_options options)
    : spec_{spec},
      options_{options},
      roster_{spec},
      index_{spec.limits.index_blocks_max},
      ledger_{options.lease_numbers_from} {}

void router_core::set_spec(const config::router_spec& spec) {
  spec_ = spec;
  roster_.set_policies(spec);
}

std::optional<engine_id> router_core::add_engine(engine_config engine) {
  const auto id =
      roster_.add(std::move(engine), [this](std::uint32_t slot) { return index_.is_free(slot); });
  if (!id) return std::nullopt;
  index_.add_engine(slot_of(*id));
  ledger_.add_engine(slot_of(*id));
  size_cache(slot_of(*id));
  return id;
}

bool router_core::update_engine(engine_id id, engine_config engine) {
  if (!roster_.update(id, std::move(engine))) return false;
  roster_.at(slot_of(id)).failed_at.reset();
  size_cache(slot_of(id));
  return true;
}

bool router_core::set_state(engine_id id, engine_state state) {
  auto* entry = roster_.find(id);
  if (entry != nullptr) entry->config.state = state;
  return entry != nullptr;
}

std::vector<lease_id> router_core::remove_engine(engine_id id) {
  if (roster_.find(id) == nullptr) return {};
  const auto slot = slot_of(id);
  roster_.remove(id);
  if (index_.is_alive(slot)) index_.remove_engine(slot);
  return ledger_.drop_engine(slot);
}

std::vector<lease_id> router_core::engine_failed(engine_id id) {
  auto* entry = roster_.find(id);
  if (entry == nullptr) return {};
  const auto slot = slot_of(id);
  entry->config.state = engine_state::down;
  if (index_.is_alive(slot)) index_.remove_engine(slot);
  return ledger_.drop_engine(slot);
}

void router_core::report_load(engine_id id, engine_load load) {
  if (roster_.find(id) != nullptr) ledger_.report_load(slot_of(id), load);
}

caf::expected<decision> router_core::route(const prompt_facts& facts,
                                           std::span<const engine_id> excluded, time_point now) {
  auto* model = roster_.model(facts.model);
  if (model == nullptr) {
    const auto asked = facts.alias.empty() ? "" : ", which '" + facts.alias + "' stands for";
    return make_failure(errc::unknown_model,
                        "No engine serves the model '" + facts.model + "'" + asked + ".");
  }
  if (!gather_candidates(*model, excluded, now)) {
    return make_failure(errc::no_engine,
                        "No engine that serves '" + facts.model + "' takes requests now.");
  }
  if (costs_.empty()) return make_error(errc::overloaded);
  const auto tokens = estimate_tokens(facts, *model);
  price(facts, *model, tokens, now);
  const choice_rules rules{model->policy, spec_.session.balance};
  const auto chosen = choose_engine(rules, costs_, facts.session, model->turns);
  return commit(facts, tokens, chosen, now);
}

void router_core::first_token(lease_id lease, nanoseconds ttft, time_point now) {
  const auto slot = ledger_.slot_of_lease(lease);
  ledger_.first_token(lease, ttft, now);
  if (slot) takes_again(roster_.at(*slot));
}

std::optional<prediction> router_core::finished(lease_id lease, const usage_counts& usage,
                                                lease_outcome outcome, time_point now) {
  const auto ended = ledger_.finish(lease, now);
  if (!ended) return std::nullopt;
  auto& engine = roster_.at(ended->slot);
  if (outcome == lease_outcome::failed) {
    engine.failed_at = now;
    return std::nullopt;
  }
  if (outcome == lease_outcome::refused) {
    engine.full_wait = std::clamp(engine.full_wait * 2, full_wait_min, full_wait_max);
    engine.full_until = now + engine.full_wait;
    return std::nullopt;
  }
  takes_again(engine);
  const auto prompt = usage.prompt_tokens != 0 ? usage.prompt_tokens : ended->prompt_tokens;
  const auto cached = usage.cached_known ? usage.cached_tokens : ended->cached_tokens;
  auto* model = roster_.model(ended->model);
  const bool is_whole = ended->streamed || outcome == lease_outcome::completed;
  if (ended->measured.count() > 0 && cached <= prompt && is_whole) {
    const auto seconds = duration<double>{ended->measured}.count();
    engine.cost.observe(cached, prompt - cached, seconds);
    if (model != nullptr) model->cost.observe(cached, prompt - cached, seconds);
  }
  if (model != nullptr && !ended->tokens_known && usage.prompt_tokens != 0) {
    model->ratio.observe(static_cast<double>(ended->prompt_bytes), usage.prompt_tokens);
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
  for (std::uint32_t slot = 0; slot < roster_.size(); ++slot) {
    if (!roster_.at(slot).used) continue;
    restore_cache(slot);
    size_cache(slot);
  }
  return report;
}

const engine_config* router_core::engine(engine_id id) const {
  const auto* entry = roster_.find(id);
  return entry == nullptr ? nullptr : &entry->config;
}

std::uint32_t router_core::leases_of(engine_id id) const {
  return roster_.find(id) == nullptr ? 0 : ledger_.own_load(slot_of(id));
}

std::uint32_t router_core::load_of(engine_id id) const {
  return roster_.find(id) == nullptr ? 0 : ledger_.load(slot_of(id));
}

// Gives an engine that failed an empty cache again, once its old one is swept.
void router_core::restore_cache(std::uint32_t slot) {
  if (!index_.is_alive(slot) && index_.is_free(slot)) index_.add_engine(slot);
}

// Tells the index how many chunks the engine's own cache holds, by what is known of the model.
void router_core::size_cache(std::uint32_t slot) {
  const auto& config = roster_.at(slot).config;
  if (config.models.empty() || !index_.is_alive(slot)) return;
  const auto& ratio = roster_.model(config.models.front())->ratio;
  const auto bytes = ratio.bytes(static_cast<double>(config.kv_tokens_max));
  index_.set_capacity(slot, static_cast<std::size_t>(bytes) / chunk_bytes);
}

std::uint32_t router_core::tick(time_point now) const {
  return started_ ? static_cast<std::uint32_t>((now - *started_) / tick_length) : 0;
}

// An engine that took a request after all is not full any more.
void router_core::takes_again(rostered_engine& engine) {
  engine.full_until = {};
  engine.full_wait = {};
}

bool router_core::has_room(std::uint32_t slot, const rostered_model& model, time_point now) {
  const auto& engine = roster_.at(slot);
  if (engine.full_until > now) return false;
  const auto requests_max = engine.config.settings.requests_max;
  if (requests_max != 0 && ledger_.load(slot) >= requests_max) return false;
  const auto tokens = static_cast<double>(spec_.admission.prefill_tokens_max);
  if (tokens == 0) return true;
  const duration<double> waiting = ledger_.waiting_time(slot, now);
  return waiting.count() == 0 || waiting.count() <= cost_of(slot, model).seconds(0, tokens);
}

// Lists the engines that may take the request and have room for it. False where none may,
// whatever its room.
bool router_core::gather_candidates(const rostered_model& model,
                                    std::span<const engine_id> excluded, time_point now) {
  costs_.clear();
  bool is_any = false;
  const bool holds = spec_.admission.requests_max != 0;
  const eligible_engines eligible{roster_, model, excluded, now};
  for (const auto slot : model.slots) {
    if (!eligible.contains(slot)) continue;
    is_any = true;
    if (holds && !has_room(slot, model, now)) continue;
    const auto& entry = roster_.at(slot);
    costs_.push_back({.engine = entry.id,
                      .slot = slot,
                      .weight = std::max(1U, entry.config.settings.weight),
                      .name_hash = entry.name_hash});
  }
  return is_any;
}

std::uint32_t router_core::estimate_tokens(const prompt_facts& facts,
                                           const rostered_model& model) const {
  if (facts.prompt_tokens != 0) return facts.prompt_tokens;
  const auto tokens = model.ratio.tokens(static_cast<double>(facts.prompt_bytes));
  return std::max(1U, static_cast<std::uint32_t>(std::min(tokens, 1e9)));
}

const prefill_cost& router_core::cost_of(std::uint32_t slot, const rostered_model& model) const {
  const auto& own = roster_.at(slot).cost;
  return own.observations() < observations_to_trust ? model.cost : own;
}

// The cost of the design, and two terms for what it does not see, both near nothing on a busy
// cluster that is in balance: what the prompt would push out of a full cache has to be computed
// again, and an engine that is idle just now but had all the work of late is no better than one
// that had none. Without them, requests that come one at a time all follow a shared start to one
// engine. What an engine has to do counts for less the heavier it is; what the request costs there
// is learnt from it and needs no weight.
void router_core::price(const prompt_facts& facts, const rostered_model& model,
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
                               .streamed = facts.stream,
                               .model = facts.model});
  if (!started_) started_ = now;
  index_.sweep(intervals_per_route_max);
  if (index_.is_alive(slot)) index_.insert(slot, facts.chain, tick(now));
  return made;
}

}  // namespace troupe::actors
