// Any bytes as a recorded trace: an error that names its line, or requests in order of time and
// within their bounds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/bench/trace_file.hpp"
#include "runtime/assert.hpp"
#include "runtime/errc.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe::apps::bench;
  const auto trace = parse_trace({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!trace) {
    TROUPE_ASSERT(troupe::failure_text(trace.error()).starts_with("fuzz:"));
    return 0;
  }
  TROUPE_ASSERT(!trace->empty() && trace->front().at.count() == 0);
  TROUPE_ASSERT(std::ranges::is_sorted(*trace, {}, &trace_request::at));
  for (const auto& request : *trace) {
    TROUPE_ASSERT(request.prompt_tokens <= trace_tokens_max);
    TROUPE_ASSERT(request.answer_tokens <= trace_tokens_max);
    TROUPE_ASSERT(request.blocks.size() <= trace_tokens_max / trace_block_tokens + 1);
  }
  return 0;
}
