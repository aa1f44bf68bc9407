// A cluster in virtual time: model engines with LRU prefix caches, driven by the shipped router
// core.
//
// A model engine prefills one request at a time (TTFT = queue + 5 ms + 50 us x uncached token) and
// decodes all others beside it, 10 ms a token. Its cache keeps prompts and answers by chunk.
// Units: bytes of text, 4 a token; seconds of virtual time. The seed alone decides a run.
#pragma once

#include <cstdint>
#include <vector>

#include "config/topology.hpp"

namespace troupe::actors::sim {

struct workload {
  std::uint32_t users = 48;
  std::uint32_t rounds = 6;
  double requests_per_s = 20;
  bool one_at_a_time = false;  // each request waits for the end of the one before
  std::uint32_t system_bytes = 4'096;
  std::uint32_t context_bytes = 8'192;
  std::uint32_t question_bytes = 400;
  std::uint32_t answer_tokens = 60;
};

struct cluster {
  config::routing_policy policy = config::routing_policy::prefix;
  std::uint32_t engines = 4;
  std::uint64_t cache_tokens = 50'000;  // each
  bool capacity_known = true;           // to the router
  std::uint32_t seed = 1;
  std::vector<std::uint32_t> weights{};  // of the first engines; 1 for the others
};

struct outcome {
  double hit_rate = 0;            // cached tokens of all prompt tokens, as the engines saw it
  double predicted_hit_rate = 0;  // as the router expected
  double later_hit_rate = 0;      // without each user's first round
  double ttft_mean_s = 0;
  double ttft_p99_s = 0;
  std::vector<std::uint32_t> requests;  // by engine
};

// Runs a workload to its end.
outcome run(const cluster& with, const workload& load);

}  // namespace troupe::actors::sim
