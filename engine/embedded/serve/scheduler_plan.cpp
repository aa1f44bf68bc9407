#include <algorithm>
#include <utility>

#include "engine/embedded/serve/scheduler.hpp"
#include "engine/embedded/serve/sequence.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

// Rows of a whole vocabulary each are large, so a prompt to tell of goes in small chunks.
constexpr std::uint64_t prompt_rows_max = 64;

}  // namespace

const step_plan& scheduler::plan() {
  TROUPE_ASSERT(!is_planned_);
  is_planned_ = true;
  preempted_ = false;
  budget_ = config_.limits.step_tokens_max;
  plan_.slices.clear();
  plan_.samples.clear();
  plan_.prompt_rows.clear();
  rows_ = 0;
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
    if (running_[i]->pending() == 1 && grow(i)) add_slice(*running_[i]);
  }
}

void scheduler::plan_prefills() {
  for (const auto& s : running_) {
    if (budget_ == 0) return;
    if (s->pending() > 1) add_slice(*s);
  }
}

void scheduler::admit() {
  for (std::size_t i = 0; i < waiting_.size() && budget_ > 0 && running_.size() < running_max_;) {
    auto& s = *waiting_[i];
    if (waits_for_leader(s)) {
      ++i;
      continue;
    }
    if (!take_blocks(s)) return;
    if (!s.was_admitted) {
      s.was_admitted = true;
      pool_.count_query(s.tokens.size(), s.computed);
      plan_.admitted.push_back({s.id, static_cast<std::uint32_t>(s.computed)});
    }
    start(std::move(waiting_[i]));
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    add_slice(s);
  }
}

// Whether the request whose prompt this one shares has yet to compute it for the first time.
bool scheduler::waits_for_leader(sequence& s) const {
  const auto leader = s.request.leader;
  if (leader == 0 || s.prompt_tokens <= block_tokens) return false;
  const auto is_leader = [leader](const sequence_ptr& other) { return other->id == leader; };
  if (const auto at = std::ranges::find_if(running_, is_leader); at != running_.end()) {
    if ((*at)->computed < (*at)->prompt_tokens) return true;
  } else if (const auto w = std::ranges::find_if(waiting_, is_leader); w != waiting_.end()) {
    if (!(*w)->was_admitted) return true;
  }
  s.request.leader = 0;
  return false;
}

void scheduler::start(sequence_ptr s) {
  const auto at = std::ranges::upper_bound(
      running_, s,
      [](const sequence_ptr& a, const sequence_ptr& b) { return a->ranks_before(*b); });
  running_.insert(at, std::move(s));
}

// Gives a waiting sequence the blocks of all its tokens, cached ones first; false: not enough.
bool scheduler::take_blocks(sequence& s) {
  // One token at least is left to compute: its logits are wanted. Whoever asks about the prompt
  // needs the logits of all of it.
  const auto reusable = s.wants_prompt_rows() ? 0 : (s.tokens.size() - 1) / block_tokens;
  s.blocks = pool_.acquire_prefix(s.block_keys(reusable), s.tokens);
  const auto total = blocks_for(s.tokens.size());
  if (total - s.blocks.size() > pool_.available()) {
    pool_.release(s.blocks);
    s.blocks.clear();
    return false;
  }
  s.published = s.blocks.size();
  s.computed = s.published * block_tokens;
  if (config_.observer != nullptr) tell_reused(s);
  while (s.blocks.size() < total) s.blocks.push_back(pool_.allocate().value());
  return true;
}

void scheduler::tell_reused(sequence& s) const {
  const auto keys = s.block_keys(s.published);
  std::optional<kv_hash> parent;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const kv_hash hash{keys[i].high, keys[i].low};
    const auto salt = i == 0 ? std::string_view{s.request.cache_salt} : std::string_view{};
    config_.observer->on_reused({hash, parent, s.block_content(i), salt});
    parent = hash;
  }
}

// Gets the block for the next token of running_[index]; false: it was itself pre-empted.
bool scheduler::grow(std::size_t index) {
  auto& s = *running_[index];
  while (s.blocks.size() < blocks_for(s.computed + 1)) {
    if (const auto block = pool_.allocate()) {
      s.blocks.push_back(*block);
      continue;
    }
    preempt_last();
    if (index == running_.size()) return false;
  }
  return true;
}

void scheduler::preempt_last() {
  auto victim = std::move(running_.back());
  running_.pop_back();
  pool_.release(victim->blocks);
  victim->blocks.clear();
  victim->computed = 0;
  victim->published = 0;
  enqueue(std::move(victim));
  preempted_ = true;
  ++preemptions_;
}

void scheduler::add_slice(sequence& s) {
  auto tokens = std::min(budget_, s.pending());
  if (s.wants_prompt_rows()) tokens = std::min(tokens, prompt_rows_max);
  const auto rows = add_rows(s, tokens);
  plan_.slices.push_back({std::span{s.tokens}.subspan(s.computed, tokens),
                          static_cast<std::uint32_t>(s.computed), s.blocks, rows});
  planned_.push_back(&s);
  budget_ -= tokens;
  rows_ += rows;
  if (tokens == s.pending()) add_sample(s);
}

// Returns how many of the last rows of a slice of so many tokens are wanted, and notes those that
// tell of the prompt.
std::uint32_t scheduler::add_rows(const sequence& s, std::uint64_t tokens) {
  const auto end = s.computed + tokens;
  const auto first = std::max(s.computed, s.prompt_rows_done);
  if (!s.wants_prompt_rows() || first >= end) return end == s.tokens.size() ? 1 : 0;
  for (auto at = first; at < std::min(end, s.prompt_rows()); ++at) {
    plan_.prompt_rows.push_back(
        {s.id, rows_ + (at - first), s.tokens[at + 1], *s.request.prompt_logprobs});
  }
  return static_cast<std::uint32_t>(end - first);
}

void scheduler::add_sample(sequence& s) {
  planned_sample sample;
  sample.id = s.id;
  sample.row = rows_ - 1;
  sample.params = &s.request.sampling;
  sample.rules = &s.request.rules;
  sample.history = {s.tokens, s.prompt_tokens};
  sample.position = s.tokens.size();
  if (s.generated() < s.request.min_tokens) sample.banned = s.banned;
  if (s.grammar) sample.grammar = &*s.grammar;
  sample.logprobs = s.request.logprobs;
  plan_.samples.push_back(sample);
}

}  // namespace troupe::engine
