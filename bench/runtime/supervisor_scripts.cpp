// Prints random scripts and what supervisor_core does in them, for otp_cross_check.escript, which
// plays the same on a supervisor of Erlang/OTP.
//
//   supervisor_scripts FIRST_SEED LAST_SEED
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/runtime/supervisor_script.hpp"

namespace troupe::testing {
namespace {

void print(const std::string& line) {
  std::printf("%s\n", line.c_str());
}

std::string rules_text(const child_rules& rules) {
  return std::string{word(rules.kind)} + (rules.significant ? " true" : " false");
}

void print_step(const script_step& step) {
  auto line = "step " + std::string{word(step.what)} + ' ';
  line += step.child.name.empty() ? "-" : step.child.name;
  if (step.what == script_step::kind::exit) line += step.normal ? " normal" : " crash";
  if (step.what == script_step::kind::fail_starts) line += ' ' + std::to_string(step.number);
  if (step.what == script_step::kind::advance) line += ' ' + std::to_string(step.number / 1'000);
  if (step.what == script_step::kind::start) line += ' ' + rules_text(step.child);
  print(line);
}

void print_script(const script& s) {
  const auto& policy = s.policy;
  print("script " + std::to_string(s.seed) + ' ' + std::string{word(policy.strategy)} + ' ' +
        std::to_string(policy.restarts_max) + ' ' + std::to_string(policy.period.count() / 1'000) +
        ' ' + std::string{word(policy.shutdown_when)});
  for (const auto& child : s.children) print("child " + child.name + ' ' + rules_text(child));
  for (const auto& step : s.steps) print_step(step);
  for (const auto& line : play_on_core(s)) print("trace " + line);
  print("end");
}

}  // namespace
}  // namespace troupe::testing

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: supervisor_scripts FIRST_SEED LAST_SEED\n");
    return 2;
  }
  const auto last = std::strtoull(argv[2], nullptr, 10);
  for (auto seed = std::strtoull(argv[1], nullptr, 10); seed <= last; ++seed) {
    troupe::testing::print_script(
        troupe::testing::make_script(seed, troupe::testing::script_form::plain));
  }
}
