// Makes the workload of each run from the settings; reads the trace once, where there is one.
#pragma once

#include <memory>
#include <vector>

#include <caf/expected.hpp>

#include "apps/bench/trace_file.hpp"
#include "apps/bench/workload.hpp"

namespace troupe::apps::bench {

class workload_maker {
 public:
  // Errors: what read_trace says.
  static caf::expected<workload_maker> open(const bench_settings& settings);

  // Makes a workload from its beginning.
  std::unique_ptr<workload> make(workload_seeds seeds, text_scale scale) const;

  // True where some length is in tokens, so that a scale is wanted.
  bool counts_tokens() const;

 private:
  explicit workload_maker(const bench_settings& settings) : settings_{settings} {}

  bench_settings settings_;
  std::shared_ptr<const std::vector<trace_request>> trace_;
};

}  // namespace troupe::apps::bench
