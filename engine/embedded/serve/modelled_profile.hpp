// What a step of a modelled engine costs: coefficients read from a small YAML or JSON file.
//
// A step takes
//   step_us + prefill_token_us * P + prefill_context_ns * C + decode_token_us * D + kv_token_us * K
// for P prefill tokens that have C tokens before them all told, D decode tokens, and K tokens of KV
// that the sequences of the batch hold.
//
// Thread: immutable after reading.
// Bounds: 64 KiB of file; each value has a range, which its error names.
// Errors: invalid_config, one line a mistake: file, line, column, field; io_error.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/embedded/model/forward_pass.hpp"
#include "runtime/errc.hpp"

namespace troupe::engine {

struct time_profile {
  std::string name;                      // in the API and in metrics
  double step_us = 0;                    // of any step
  double prefill_token_us = 0;           // each token of a prompt
  double prefill_context_ns = 0;         // each pair of a prompt's token and one before it
  double decode_token_us = 0;            // each token that continues an answer
  double kv_token_us = 0;                // each token of KV in the batch
  std::uint64_t kv_tokens = 0;           // that the engine's memory holds
  std::uint64_t context_tokens = 0;      // of one sequence
  std::uint64_t answer_tokens_mean = 0;  // an answer ends by itself after about so many; 0: never
};

// Reads a profile file.
caf::expected<time_profile> read_time_profile(const std::string& path);

// Reads a profile from text, calling it `name` in mistakes.
caf::expected<time_profile> parse_time_profile(std::string_view text, const std::string& name);

// Returns how long the step of these slices takes.
std::chrono::nanoseconds step_time(const time_profile& profile,
                                   std::span<const sequence_slice> slices);

}  // namespace troupe::engine
