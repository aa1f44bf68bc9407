// Continuous batching: which tokens of which sequences the next step computes.
//
// A step decodes first (one token of each running sequence), then prefills in chunks, then admits
// waiting requests, within `step_tokens_max` tokens. Lower priorities come first everywhere, then
// older requests. An admitted request gets the blocks of its whole prompt at once. When a decoding
// sequence finds no block, the running one of least priority, the newest of those, is pre-empted:
// it returns to its place in the queue and is computed again later, from what the prefix cache
// still has.
//
// Thread: one caller at a time; calls alternate plan, apply; submit and cancel come between.
// Bounds: engine_limits::queued_requests_max waiting, running_requests_max running (never more than
// step_tokens_max, so that a prefill always makes progress).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/limits.hpp"
#include "engine/embedded/model/forward_pass.hpp"
#include "engine/embedded/serve/block_pool.hpp"
#include "engine/embedded/serve/generation_request.hpp"
#include "runtime/errc.hpp"

namespace troupe::engine {

class token_grammar;

struct scheduler_config {
  config::engine_limits limits;
  std::uint32_t kv_blocks = 0;
  std::uint32_t context_tokens_max = 0;  // prompt and output together
  std::vector<std::int32_t> end_tokens;  // end of sequence, end of turn
  std::string fingerprint;               // of the model
  kv_observer* observer = nullptr;       // told of the prefix cache; outlives the scheduler
};

// A row of logits to sample from.
struct planned_sample {
  request_id id = 0;
  std::size_t row = 0;  // among all rows of the step
  const sampling_params* params = nullptr;
  const token_rules* rules = nullptr;
  token_history history;
  std::uint64_t position = 0;
  std::span<const std::int32_t> banned;
  token_grammar* grammar = nullptr;  // null: any token may come
  std::optional<std::uint32_t> logprobs;
};

// A row of logits that tells how likely a token of the prompt was.
struct prompt_row {
  request_id id = 0;
  std::size_t row = 0;
  std::int32_t token = 0;
  std::uint32_t top = 0;
};

// A request that runs for the first time in this step.
struct admission {
  request_id id = 0;
  std::uint32_t cached_tokens = 0;
};

// Spans point into the scheduler and are valid until apply.
struct step_plan {
  std::vector<sequence_slice> slices;
  std::vector<planned_sample> samples;
  std::vector<prompt_row> prompt_rows;  // in order of position within each request
  std::vector<admission> admitted;
};

// What a sample says where the request's grammar leaves no token of the vocabulary.
inline constexpr std::int32_t no_token = -1;

struct step_token {
  request_id id = 0;
  std::int32_t token = 0;  // no_token: the request ends, its grammar cannot be spelt
  std::optional<finish_reason> finish;
  std::optional<std::int32_t> stop_token;  // the one of stop_token_ids that ended it
};

struct scheduler_stats {
  std::size_t running = 0;
  std::size_t waiting = 0;
  double kv_usage = 0;  // share of blocks that sequences reference
  std::uint64_t preemptions = 0;
  block_pool::counters prefix;
  bool is_asleep = false;  // the engine as a whole, not the scheduler
};

// Returns the error of a prompt and output that exceed the context, in vLLM's words.
caf::error exceeds_context(std::uint64_t context_tokens_max, std::uint64_t prompt_tokens,
                           std::uint64_t output_tokens);

class scheduler {
 public:
  explicit scheduler(scheduler_config config);
  ~scheduler();

  // Queues a request. Errors: invalid_request (empty prompt, over the context, an output prefix
  // that is whole already or leaves the grammar), exceeds_kv (more blocks than the pool has),
  // overloaded (the queue is full).
  caf::expected<void> submit(request_id id, generation_request request);

  // Forgets a request, waiting or running; false where there is none of that id.
  bool cancel(request_id id);

  // Drops the cached blocks no running request uses.
  void reset_prefix_cache() { pool_.forget_idle(); }

  bool has_work() const { return !running_.empty() || !waiting_.empty(); }

  // Plans the next step; without slices only when there is no work.
  const step_plan& plan();

  // Takes the tokens sampled for plan().samples, each one its grammar allows or no_token, and
  // returns them with what they ended.
  std::vector<step_token> apply(std::span<const std::int32_t> sampled);

  scheduler_stats stats() const;
  const block_pool& blocks() const { return pool_; }

 private:
  struct sequence;
  using sequence_ptr = std::unique_ptr<sequence>;

  caf::expected<void> check(const generation_request& request) const;
  void enqueue(sequence_ptr s);

  void plan_decodes();
  void plan_prefills();
  void admit();
  bool waits_for_leader(sequence& s) const;
  void start(sequence_ptr s);
  bool take_blocks(sequence& s);
  void tell_reused(sequence& s) const;
  bool grow(std::size_t index);
  void preempt_last();
  void add_slice(sequence& s);
  std::uint32_t add_rows(const sequence& s, std::uint64_t tokens);
  void add_sample(sequence& s);
  void publish(sequence& s);
  step_token take_token(sequence& s, std::int32_t token);
  bool is_end_token(std::int32_t token) const;
  static bool is_over(const step_token& token) { return token.finish || token.token == no_token; }

  scheduler_config config_;
  std::size_t running_max_;
  block_pool pool_;
  std::deque<sequence_ptr> waiting_;   // by rank
  std::vector<sequence_ptr> running_;  // by rank, so that the last one is the first to go
  step_plan plan_;
  std::vector<sequence*> planned_;  // of each slice
  std::uint64_t budget_ = 0;
  std::size_t rows_ = 0;  // of logits planned
  std::uint64_t arrivals_ = 0;
  bool preempted_ = false;
  bool is_planned_ = false;
  std::uint64_t preemptions_ = 0;
};

}  // namespace troupe::engine
