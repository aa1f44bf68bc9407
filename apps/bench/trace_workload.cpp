#include "apps/bench/trace_workload.hpp"

#include <algorithm>
#include <cmath>

#include "apps/bench/workload_text.hpp"

namespace troupe::apps::bench {

namespace {

std::uint64_t scaled(std::uint32_t tokens, double by) {
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(tokens * by)));
}

}  // namespace

trace_workload::trace_workload(std::shared_ptr<const std::vector<trace_request>> trace,
                               trace_play play, std::uint64_t text_seed, text_scale scale)
    : trace_{std::move(trace)}, play_{play}, text_seed_{text_seed}, scale_{scale} {}

std::optional<std::chrono::nanoseconds> trace_workload::next_due() const {
  if (taken_ == trace_->size()) return std::nullopt;
  if (play_.requests_max != 0 && taken_ == play_.requests_max) return std::nullopt;
  const auto at = static_cast<double>((*trace_)[taken_].at.count());
  return std::chrono::nanoseconds{std::llround(at / play_.speed)};
}

planned_request trace_workload::take() {
  planned_request made;
  made.due = *next_due();
  const trace_request& each = (*trace_)[taken_];
  made.id = taken_++;
  made.answer_tokens = static_cast<std::uint32_t>(scaled(each.answer_tokens, play_.length_scale));
  made.messages.push_back({speaker::user, std::make_shared<const std::string>(prompt_of(each))});
  return made;
}

// Blocks of one id have one text; the last block of a prompt is cut to its length.
std::string trace_workload::prompt_of(const trace_request& each) const {
  const text_length wanted{scaled(each.prompt_tokens, play_.length_scale), length_unit::tokens};
  const auto bytes = scale_.bytes(wanted);
  if (each.blocks.empty()) return make_text({text_seed_, "prompt", taken_}, bytes);
  const auto block_bytes = static_cast<std::size_t>(std::max(
      1LL, std::llround(trace_block_tokens * play_.length_scale * scale_.bytes_per_token)));
  std::string text;
  text.reserve(bytes + block_bytes);
  for (const std::uint32_t id : each.blocks) {
    if (text.size() >= bytes) break;
    text += make_text({text_seed_, "block", id}, block_bytes);
  }
  text.resize(std::min(text.size(), bytes));
  return text;
}

}  // namespace troupe::apps::bench
