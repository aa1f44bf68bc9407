// Recorded request traces: when requests came, how long they were, what they had in common.
//
// Two public formats, told apart by their first byte:
//   CSV with the columns TIMESTAMP (YYYY-MM-DD HH:MM:SS.fraction), ContextTokens, GeneratedTokens,
//   in any order and among others (Azure's LLM inference traces);
//   JSON lines with timestamp (ms), input_length, output_length and hash_ids, one id for each 512
//   tokens of the prompt: equal ids are equal texts (Mooncake's traces). hash_ids may be missing.
//
// Units: times count from the first request. Bounds: trace_bytes_max, trace_requests_max, a prompt
// and an answer of trace_tokens_max.
// Errors: malformed_file with `file:line: sentence`; io_error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

namespace troupe::apps::bench {

inline constexpr std::size_t trace_bytes_max = 1'000'000'000;
inline constexpr std::size_t trace_requests_max = 1'000'000;
inline constexpr std::uint32_t trace_tokens_max = 2'000'000;
inline constexpr std::uint32_t trace_block_tokens = 512;

struct trace_request {
  std::chrono::nanoseconds at{0};
  std::uint32_t prompt_tokens = 0;
  std::uint32_t answer_tokens = 0;
  std::vector<std::uint32_t> blocks;  // ids of the prompt's blocks; empty: not known
};

// Reads a trace file; the requests are in order of time.
caf::expected<std::vector<trace_request>> read_trace(const std::string& path);

// Reads a trace from text, calling it `name` in mistakes.
caf::expected<std::vector<trace_request>> parse_trace(std::string_view text,
                                                      const std::string& name);

}  // namespace troupe::apps::bench
