#include "tests/runtime/otp_mutation.hpp"

#include <array>

namespace troupe::testing {

std::string_view word(otp_mutation value) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(otp_mutation::last)> words{
      "none",
      "intensity_counts_one_more",
      "period_excludes_its_end",
      "restarts_never_age",
      "rest_for_one_takes_those_before",
      "one_for_all_spares_those_before",
      "group_stops_in_order",
      "shutdown_stops_in_order",
      "transient_restarts_after_normal",
      "transient_rests_after_crash",
      "permanent_rests_after_normal",
      "temporary_is_kept",
      "temporary_comes_back_with_its_group",
      "ended_siblings_stay_down",
      "deaths_of_the_stopped_count",
      "any_significant_waits_for_all",
      "all_significant_ends_at_first",
      "restarting_counts_as_ended",
      "terminate_ends_the_supervisor",
      "terminated_children_restart",
      "failed_start_child_is_kept",
      "restarted_child_goes_last",
      "running_child_can_be_deleted",
      "back_off_never_resets",
      "back_off_does_not_double",
      "first_failure_is_ignored"};
  return words.at(static_cast<std::size_t>(value));
}

}  // namespace troupe::testing
