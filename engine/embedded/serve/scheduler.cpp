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
      pool_{config_.kv_blocks, config_.observer} {
  TROUPE_ASSERT(running_max_ > 0 && config_.kv_blocks > 0);
}

scheduler::~scheduler() = default;

caf::expected<void> scheduler::check(const generation_request& request) const {
  const auto prompt = std::uint64_t{request.prompt.size()};
  if (prompt == 0) return make_failure(errc::invalid_request, "prompt: must hold a token");
  if (request.output_prefix.size() >= request.max_tokens) {
    return make_failure(
        errc::invalid_request,
        "output_prefix: " + std::to_string(request.output_prefix.size()) +
            " tokens leave nothing of max_tokens=" + std::to_string(request.max_tokens));
  }
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
  return caf::unit;
}

caf::expected<void> scheduler::submit(request_id id, generation_request request) {
  TROUPE_ASSERT(!is_planned_ && request.max_tokens > 0);
  if (auto accepted = check(request); !accepted) return accepted;
  auto s = std::make_unique<sequence>(id, std::move(request), config_.fingerprint);
  if (auto fault = s->enter_grammar()) return fault;
  s->arrival = arrivals_++;
  if (s->request.min_tokens > 0) {
    s->banned = config_.end_tokens;
    s->banned.insert(s->banned.end(), s->request.stop_token_ids.begin(),
                     s->request.stop_token_ids.end());
  }
  enqueue(std::move(s));
  return caf::unit;
}

void scheduler::enqueue(sequence_ptr s) {
  const auto at = std::ranges::upper_bound(
      waiting_, s,
      [](const sequence_ptr& a, const sequence_ptr& b) { return a->ranks_before(*b); });
  waiting_.insert(at, std::move(s));
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

std::vector<step_token> scheduler::apply(std::span<const std::int32_t> sampled) {
  TROUPE_ASSERT(is_planned_ && sampled.size() == plan_.samples.size());
  is_planned_ = false;
  std::vector<step_token> taken;
  taken.reserve(sampled.size());
  std::vector<const sequence*> ended;
  for (std::size_t i = 0; i < planned_.size(); ++i) {
    auto& s = *planned_[i];
    s.computed += plan_.slices[i].tokens.size();
    s.prompt_rows_done = std::max(s.prompt_rows_done, std::min(s.computed, s.prompt_rows()));
    publish(s);
    if (s.pending() > 0) continue;
    taken.push_back(take_token(s, sampled[taken.size()]));
    if (!is_over(taken.back())) continue;
    pool_.release(s.blocks);
    ended.push_back(&s);
  }
  std::erase_if(running_, [&](const sequence_ptr& s) {
    return std::ranges::find(ended, s.get()) != ended.end();
  });
  if (config_.observer != nullptr) config_.observer->on_step_end();
  return taken;
}

// Publishes the blocks that have become full, generated tokens included.
void scheduler::publish(sequence& s) {
  while (s.publishes && (s.published + 1) * block_tokens <= s.computed) {
    const auto index = s.published;
    std::optional<block_id> parent;
    if (index > 0) parent = s.blocks[index - 1];
    const auto salt = index == 0 ? std::string_view{s.request.cache_salt} : std::string_view{};
    const auto kept = pool_.publish(
        {s.blocks[index], s.block_keys(index + 1).back(), parent, s.block_content(index), salt});
    s.publishes = kept.has_value();
    if (!kept) return;
    s.blocks[index] = *kept;
    ++s.published;
  }
}

step_token scheduler::take_token(sequence& s, std::int32_t token) {
  step_token result{s.id, token, std::nullopt, std::nullopt};
  if (token == no_token) return result;
  s.tokens.push_back(token);
  if (s.grammar) {
    const bool is_allowed = s.grammar->accept(token);
    TROUPE_ASSERT(is_allowed);
  }
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
