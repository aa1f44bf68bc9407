// Independent requests at a rate, with lengths drawn from distributions.
//
// Bounds: requests_max, where it is not 0.
#pragma once

#include "apps/bench/arrivals.hpp"
#include "apps/bench/workload.hpp"

namespace troupe::apps::bench {

class load_workload final : public workload {
 public:
  load_workload(const load_settings& settings, std::uint64_t requests_max, workload_seeds seeds,
                text_scale scale);

  std::optional<std::chrono::nanoseconds> next_due() const override;
  planned_request take() override;
  void ended(const planned_request&, std::optional<std::string_view>) override {}

 private:
  load_settings settings_;
  std::uint64_t requests_max_;
  workload_seeds seeds_;
  text_scale scale_;
  arrivals arrivals_;
  random_stream lengths_;
  message system_;
  std::uint64_t taken_ = 0;
  std::chrono::nanoseconds due_;
};

}  // namespace troupe::apps::bench
