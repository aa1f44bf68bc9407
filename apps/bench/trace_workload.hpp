// The requests of a recorded trace, at their recorded times; what they had in common they have
// again.
#pragma once

#include "apps/bench/trace_file.hpp"
#include "apps/bench/workload.hpp"

namespace troupe::apps::bench {

// How a trace is played.
struct trace_play {
  double speed = 1;         // 2 plays it in half its time
  double length_scale = 1;  // token counts times this
  std::uint64_t requests_max = 0;
};

class trace_workload final : public workload {
 public:
  trace_workload(std::shared_ptr<const std::vector<trace_request>> trace, trace_play play,
                 std::uint64_t text_seed, text_scale scale);

  std::optional<std::chrono::nanoseconds> next_due() const override;
  planned_request take() override;
  void ended(const planned_request&, std::optional<std::string_view>) override {}

 private:
  std::string prompt_of(const trace_request& each) const;

  std::shared_ptr<const std::vector<trace_request>> trace_;
  trace_play play_;
  std::uint64_t text_seed_;
  text_scale scale_;
  std::size_t taken_ = 0;
};

}  // namespace troupe::apps::bench
