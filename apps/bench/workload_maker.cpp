#include "apps/bench/workload_maker.hpp"

#include "apps/bench/load_workload.hpp"
#include "apps/bench/multi_round_workload.hpp"
#include "apps/bench/trace_workload.hpp"

namespace troupe::apps::bench {

caf::expected<workload_maker> workload_maker::open(const bench_settings& settings) {
  workload_maker made{settings};
  if (settings.kind == bench_kind::load && !settings.load.trace.empty()) {
    auto trace = read_trace(settings.load.trace);
    if (!trace) return trace.error();
    made.trace_ = std::make_shared<const std::vector<trace_request>>(std::move(*trace));
  }
  return made;
}

std::unique_ptr<workload> workload_maker::make(workload_seeds seeds, text_scale scale) const {
  if (settings_.kind == bench_kind::multi_round) {
    const bool replaces = settings_.duration.count() > 0;
    return std::make_unique<multi_round_workload>(settings_.multi_round, replaces, seeds, scale);
  }
  const load_settings& load = settings_.load;
  if (!trace_) {
    return std::make_unique<load_workload>(load, settings_.requests_max, seeds, scale);
  }
  const trace_play play{load.speed, load.length_scale, settings_.requests_max};
  return std::make_unique<trace_workload>(trace_, play, seeds.text, scale);
}

bool workload_maker::counts_tokens() const {
  const auto in_tokens = [](const text_length& length) {
    return length.unit == length_unit::tokens && length.count > 0;
  };
  if (settings_.kind == bench_kind::multi_round) {
    const multi_round_settings& talk = settings_.multi_round;
    return in_tokens(talk.system) || in_tokens(talk.context) || in_tokens(talk.question);
  }
  const load_settings& load = settings_.load;
  return trace_ != nullptr || load.prompt.unit() == length_unit::tokens || in_tokens(load.system);
}

}  // namespace troupe::apps::bench
