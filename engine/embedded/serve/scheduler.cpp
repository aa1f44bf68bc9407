#include "engine/embedded/serve/scheduler.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/embedded/serve/sequence.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

caf::error exceeds_context(std::uint64_t context_tokens_max, std::uint64_t prompt_tokens,
                           std::uint64_t output_tokens) {
  const auto prompt = std::to_string(prompt_tokens);
  return make_failure(
      errc::invalid_request,
      "This model's maximum context length is " + std::to_string(context_tokens_max) +
          " tokens. However, you requested " + std::to_string(output_tokens) +
          " output tokens and your prompt contains " + prompt + " input tokens, for a total of " +
          std::to_string(prompt_tokens + output_tokens) +
          " tokens. Please reduce the length of the input prompt or the number of requested "
          "output tokens. (parameter=input_tokens, value=" +
          prompt + ")");
}

scheduler::scheduler(scheduler_config config)
    : config_{std::move(config)},
      running_max_{std::min(config_.limits.running_requests_max, config_.limits.step_tokens_max)},
      pool_{config_.kv_blocks} {
  TROUPE_ASSERT(running_max_ > 0 && config_.kv_blocks > 0);
}

scheduler::~scheduler() = default;

caf::expected<void> scheduler::submit(request_id id, generation_request request) {
  TROUPE_ASSERT(!is_planned_ && request.max_tokens > 0);
  const auto prompt = std::uint64_t{request.prompt.size()};
  if (prompt == 0) return make_failure(errc::invalid_request, "prompt: must hold a token");
  if (prompt + request.max_tokens > config_.context_tokens_max) {
    return exceeds_context(config_.context_tokens_max, prompt, request.max_tokens);
  }
  const auto needed = blocks_for(prompt + request.max_tokens - 1);  // the last token needs no KV
  if (needed > pool_.blocks()) {
    return make_failure(errc::exceeds_kv,
                        "prompt of " + std::to_string(prompt) + " tokens and max_tokens of " +
                            std::to_string(request.max_tokens) + " need " + std::to_string(needed) +
                            " KV blocks of " + std::to_string(block_tokens) +
                            " tokens; the engine has " + std::to_string(pool_.blocks()));
  }
  if (waiting_.size() >= config_.limits.queued_requests_max) {
    return make_failure(errc::overloaded,
                        "the engine's queue is full: " + std::to_string(waiting_.size()) +
                            " requests are waiting (queued_requests_max)");
  }
  auto s = std::make_unique<sequence>(id, std::move(request), config_.fingerprint);
  if (s->request.min_tokens > 0) {
    s->banned = config_.end_tokens;
    s->banned.insert(s->banned.end(), s->request.stop_token_ids.begin(),
                     s->request.stop_token_ids.end());
  }
  waiting_.push_back(std::move(s));
  return caf::unit;
}

bool scheduler::cancel(request_id id) {
  TROUPE_ASSERT(!is_planned_);
  const auto is_it = [id](const sequence_ptr& s) { return s->id == id; };
  if (const auto at = std::ranges::find_if(running_, is_it); at != running_.end()) {
    pool_.release((*at)->blocks);
    running_.erase(at);
    return true;
  }
  const auto at = std::ranges::find_if(waiting_, is_it);
  if (at == waiting_.end()) return false;
  waiting_.erase(at);
  return true;
}

const step_plan& scheduler::plan() {
  TROUPE_ASSERT(!is_planned_);
  is_planned_ = true;
  preempted_ = false;
  budget_ = config_.limits.step_tokens_max;
  plan_.slices.clear();
  plan_.samples.clear();
  plan_.admitted.clear();
  planned_.clear();
  plan_decodes();
  plan_prefills();
  if (!preempted_) admit();
  TROUPE_ASSERT(!plan_.slices.empty() || !has_work());
  return plan_;
}

void scheduler::plan_decodes() {
  for (std::size_t i = 0; i < running_.size() && budget_ > 0; ++i) {
    // Pre-emption takes from the end, so it never takes what this loop has planned.
    if (running_[i]->pending() == 1 && grow(i)) add_slice(*running_[i], 1);
  }
}

void scheduler::plan_prefills() {
  for (const auto& s : running_) {
    if (budget_ == 0) return;
    if (s->pending() > 1) add_slice(*s, std::min(budget_, s->pending()));
  }
}

void scheduler::admit() {
  while (budget_ > 0 && !waiting_.empty() && running_.size() < running_max_) {
    auto& s = *waiting_.front();
    if (!take_blocks(s)) return;
    if (!s.was_admitted) {
      s.was_admitted = true;
      pool_.count_query(s.tokens.size(), s.computed);
      plan_.admitted.push_back({s.id, static_cast<std::uint32_t>(s.computed)});
    }
    running_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    add_slice(s, std::min(budget_, s.pending()));
  }
}

// Gives a waiting sequence the blocks of all its tokens, cached ones first; false: not enough.
bool scheduler::take_blocks(sequence& s) {
  // One token at least is left to compute: its logits are wanted.
  const auto reusable = (s.tokens.size() - 1) / block_tokens;
  s.blocks = pool_.acquire_prefix(s.block_keys(reusable), s.tokens);
  const auto total = blocks_for(s.tokens.size());
  if (total - s.blocks.size() > pool_.available()) {
    pool_.release(s.blocks);
    s.blocks.clear();
    return false;
  }
  s.published = s.blocks.size();
  s.computed = s.published * block_tokens;
  while (s.blocks.size() < total) s.blocks.push_back(pool_.allocate().value());
  return true;
}

// Gets the block for the next token of running_[index]; false: it was itself pre-empted.
bool scheduler::grow(std::size_t index) {
  auto& s = *running_[index];
  while (s.blocks.size() < blocks_for(s.computed + 1)) {
    if (const auto block = pool_.allocate()) {
      s.blocks.push_back(*block);
      continue;
    }
    preempt_newest();
    if (index == running_.size()) return false;
  }
  return true;
}

void scheduler::preempt_newest() {
  auto victim = std::move(running_.back());
  running_.pop_back();
  pool_.release(victim->blocks);
  victim->blocks.clear();
  victim->computed = 0;
  victim->published = 0;
  waiting_.push_front(std::move(victim));
  preempted_ = true;
  ++preemptions_;
}

void scheduler::add_slice(sequence& s, std::uint64_t tokens) {
  const bool is_last = tokens == s.pending();
  plan_.slices.push_back({std::span{s.tokens}.subspan(s.computed, tokens),
                          static_cast<std::uint32_t>(s.computed), s.blocks, is_last ? 1U : 0U});
  planned_.push_back(&s);
  budget_ -= tokens;
  if (!is_last) return;
  const bool is_banned = s.generated() < s.request.min_tokens;
  plan_.samples.push_back(
      {s.id, &s.request.sampling, s.tokens.size(),
       is_banned ? std::span<const std::int32_t>{s.banned} : std::span<const std::int32_t>{}});
}

std::vector<step_token> scheduler::apply(std::span<const std::int32_t> sampled) {
  TROUPE_ASSERT(is_planned_ && sampled.size() == plan_.samples.size());
  is_planned_ = false;
  std::vector<step_token> taken;
  taken.reserve(sampled.size());
  std::vector<const sequence*> ended;
  for (std::size_t i = 0; i < planned_.size(); ++i) {
    auto& s = *planned_[i];
    s.computed += plan_.slices[i].tokens.size();
    publish(s);
    if (plan_.slices[i].logit_rows == 0) continue;
    taken.push_back(take_token(s, sampled[taken.size()]));
    if (!taken.back().finish) continue;
    pool_.release(s.blocks);
    ended.push_back(&s);
  }
  std::erase_if(running_, [&](const sequence_ptr& s) {
    return std::ranges::find(ended, s.get()) != ended.end();
  });
  return taken;
}

// Publishes the blocks that have become full, generated tokens included.
void scheduler::publish(sequence& s) {
  while (s.publishes && (s.published + 1) * block_tokens <= s.computed) {
    const auto index = s.published;
    std::optional<block_id> parent;
    if (index > 0) parent = s.blocks[index - 1];
    const auto kept = pool_.publish(
        {s.blocks[index], s.block_keys(index + 1).back(), parent, s.block_content(index)});
    s.publishes = kept.has_value();
    if (!kept) return;
    s.blocks[index] = *kept;
    ++s.published;
  }
}

step_token scheduler::take_token(sequence& s, std::int32_t token) {
  step_token result{s.id, token, std::nullopt, std::nullopt};
  s.tokens.push_back(token);
  const auto& stops = s.request.stop_token_ids;
  if (!s.request.ignore_eos && is_end_token(token)) {
    result.finish = finish_reason::stop;
  } else if (std::ranges::find(stops, token) != stops.end()) {
    result.finish = finish_reason::stop;
    result.stop_token = token;
  } else if (s.generated() >= s.request.max_tokens) {
    result.finish = finish_reason::length;
  }
  return result;
}

bool scheduler::is_end_token(std::int32_t token) const {
  return std::ranges::find(config_.end_tokens, token) != config_.end_tokens.end();
}

scheduler_stats scheduler::stats() const {
  return {running_.size(), waiting_.size(),
          static_cast<double>(pool_.referenced()) / pool_.blocks(), preemptions_,
          pool_.prefix_counters()};
}

}  // namespace troupe::engine
