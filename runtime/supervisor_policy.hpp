// How a supervisor treats its children: the words of OTP, and back-off.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe {

enum class restart_strategy {
  one_for_one,        // only who died
  one_for_all,        // all
  rest_for_one,       // who died and those started after it
  simple_one_for_one  // only who died; all children are made from one template, at run time
};

enum class restart_kind {
  permanent,  // always restarted
  transient,  // restarted unless it ended normally
  temporary   // never restarted, and forgotten when it ends
};

// When the end of significant children by themselves ends the supervisor.
enum class auto_shutdown {
  never,
  any_significant,  // the first that ends for good
  all_significant   // the last of them
};

// What a child that cannot be started at the supervisor's own start means.
enum class first_failure {
  retry,  // it is restarted like one that died
  fail    // the supervisor stops what it started and ends, as in OTP
};

struct supervisor_policy {
  restart_strategy strategy = restart_strategy::one_for_one;
  std::uint32_t restarts_max = 10;  // more within the period: give up
  std::chrono::milliseconds period{60'000};
  std::chrono::milliseconds backoff_min{100};  // doubled at each restart in a row
  std::chrono::milliseconds backoff_max{10'000};
  auto_shutdown shutdown_when = auto_shutdown::never;
  first_failure at_first_start = first_failure::retry;
  std::size_t children_max = 10'000;
};

struct child_rules {
  std::string name;  // unique among the children of a supervisor
  restart_kind kind = restart_kind::permanent;
  bool significant = false;  // counts for auto_shutdown; see valid_rules()
};

// Says whether a supervisor may have such a child: a significant one must be able to end for good,
// and some rule must care.
inline bool valid_rules(const supervisor_policy& policy, const child_rules& child) {
  if (child.name.empty()) return false;
  return !child.significant ||
         (child.kind != restart_kind::permanent && policy.shutdown_when != auto_shutdown::never);
}

// Why a supervisor ends.
enum class supervisor_end {
  none,           // it does not
  stopped,        // told to
  gave_up,        // too many restarts
  auto_shutdown,  // its significant children ended
  first_start_failed
};

}  // namespace troupe
