// What happens to a supervisor, from one seed: the same script is played on supervisor_core, on a
// model of OTP's rules and on OTP itself, and the traces are compared.
//
// A trace has one line for each step: what was done, then how the children are:
//   +a started   xa could not be started   -a stopped   ~a:MS restarts after MS milliseconds
//   =OUTCOME of a request   !END of the supervisor   | a=up b=restarting c=stopped
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/supervisor_core.hpp"

namespace troupe::testing {

struct script_step {
  enum class kind {
    exit,         // the child ends by itself; nothing if it does not run
    fail_starts,  // its next `number` starts fail
    start,        // requests
    terminate,
    restart,
    remove,
    advance,  // `number` milliseconds pass
    stop      // the supervisor is told to end
  };
  kind what = kind::advance;
  child_rules child{};
  bool normal = false;  // exit
  std::uint32_t number = 0;
};

struct script {
  std::uint64_t seed = 0;
  supervisor_policy policy{};
  double jitter = 1;  // of every restart
  std::vector<child_rules> children{};
  std::vector<script_step> steps{};
  std::map<std::size_t, std::vector<script_step>> during_stop{};  // by the number of the stop
};

using script_trace = std::vector<std::string>;

enum class script_form {
  full,  // back-off, slow stops during which other things happen
  plain  // what OTP itself can be made to do: no back-off, whole seconds
};

// Makes the script of a seed.
script make_script(std::uint64_t seed, script_form form);

// Plays a script on supervisor_core.
script_trace play_on_core(const script& s);

// Names, as traces and files spell them.
std::string_view word(restart_strategy value);
std::string_view word(restart_kind value);
std::string_view word(auto_shutdown value);
std::string_view word(request_outcome value);
std::string_view word(supervisor_end value);
std::string_view word(script_step::kind value);

}  // namespace troupe::testing
