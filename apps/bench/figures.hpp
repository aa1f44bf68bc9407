// What runs against one endpoint came to: latencies, throughput, cache hits, failures.
//
// Pure. Units: seconds, tokens. Warm-up requests are left out of everything but `warmup_requests`.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "apps/bench/run_core.hpp"

namespace troupe::apps::bench {

// The figures of one round of all conversations; of all requests where there are no rounds.
struct round_figures {
  std::uint64_t requests = 0;
  double ttft_mean_s = 0;
  double hit_rate = 0;
};

struct figures {
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::uint64_t unfinished = 0;  // under way at Ctrl-C
  std::uint64_t warmup_requests = 0;
  std::map<std::string, failure_count> failures;

  // From the due time on.
  distribution ttft_s;
  distribution end_to_end_s;
  // From the sending on.
  distribution sent_ttft_s;
  distribution sent_end_to_end_s;
  distribution lateness_s;   // due to sent
  distribution gap_s;        // between two pieces of an answer
  distribution per_token_s;  // of an answer after its first piece
  bool gaps_are_sampled = false;

  double seconds = 0;  // from the first due time to the last end, summed over the runs
  double requests_per_s = 0;
  double answer_tokens_per_s = 0;
  double prompt_tokens_per_s = 0;

  std::uint64_t prompt_tokens = 0;
  std::uint64_t answer_tokens = 0;
  std::uint64_t usage_told = 0;  // answers that told their usage
  std::uint64_t cache_told = 0;  // answers that told their cached tokens
  std::uint64_t cached_tokens = 0;
  double hit_rate = 0;  // cached of the prompt tokens of the answers that told both
  std::size_t under_way_max = 0;
  std::vector<round_figures> rounds;
};

// Sums up runs; all of the same endpoint.
figures figures_of(std::span<const run_result> runs);

// True where more requests failed than may.
bool exceeds(const figures& found, const error_bound& bound);

}  // namespace troupe::apps::bench
