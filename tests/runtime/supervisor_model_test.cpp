// supervisor_core against a model of OTP's rules, over thousands of random scripts.
#include <cstdlib>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/runtime/otp_model.hpp"
#include "tests/runtime/supervisor_script.hpp"

namespace troupe::testing {
namespace {

// TROUPE_SEED=n plays that script alone.
std::uint64_t seed_to_replay() {
  const char* text = std::getenv("TROUPE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 0;
}

void print(std::ostream& out, const script_step& step) {
  out << word(step.what) << ' ' << step.child.name << ' ' << word(step.child.kind)
      << (step.child.significant ? " significant" : "") << (step.normal ? " normal " : " ")
      << step.number;
}

// The script and both traces, up to where they part.
std::string story(const script& s, const script_trace& expected, const script_trace& seen) {
  std::ostringstream out;
  out << "TROUPE_SEED=" << s.seed << ' ' << word(s.policy.strategy) << ' '
      << word(s.policy.shutdown_when) << " max " << s.policy.restarts_max << " in "
      << s.policy.period.count() << " ms, back-off " << s.policy.backoff_min.count() << " to "
      << s.policy.backoff_max.count() << '\n';
  for (const auto& c : s.children) {
    out << "child " << c.name << ' ' << word(c.kind) << (c.significant ? " significant\n" : "\n");
  }
  for (const auto& [stop, steps] : s.during_stop) {
    for (const auto& step : steps) {
      out << "during stop " << stop << ": ";
      print(out, step);
      out << '\n';
    }
  }
  // The trace begins with the start, which steps before it do not have a line in.
  std::size_t line = 0;
  const auto both = [&] {
    out << "\n    otp:  " << (line < expected.size() ? expected[line] : "(over)")
        << "\n    ours: " << (line < seen.size() ? seen[line] : "(over)") << '\n';
    const bool same = line < expected.size() && line < seen.size() && expected[line] == seen[line];
    ++line;
    return same;
  };
  bool started = false;
  for (const auto& step : s.steps) {
    if (!started && step.what != script_step::kind::fail_starts) {
      started = true;
      out << "start";
      if (!both()) return out.str();
    }
    print(out, step);
    if (started && !both()) return out.str();
    out << (started ? "" : "\n");
  }
  return out.str();
}

bool agree(std::uint64_t seed, script_form form, otp_mutation mutation = otp_mutation::none) {
  const auto s = make_script(seed, form);
  return play_on_model(s, mutation) == play_on_core(s);
}

class supervisor_model : public ::testing::TestWithParam<script_form> {};

TEST_P(supervisor_model, agrees_over_random_scripts) {
  const auto replay = seed_to_replay();
  const std::uint64_t first = replay != 0 ? replay : 1;
  const std::uint64_t last = replay != 0 ? replay : 8'000;
  for (auto seed = first; seed <= last; ++seed) {
    const auto s = make_script(seed, GetParam());
    const auto expected = play_on_model(s);
    const auto seen = play_on_core(s);
    ASSERT_EQ(expected, seen) << story(s, expected, seen);
  }
}

INSTANTIATE_TEST_SUITE_P(forms, supervisor_model,
                         ::testing::Values(script_form::full, script_form::plain),
                         [](const auto& info) {
                           return std::string{info.param == script_form::full ? "full" : "plain"};
                         });

TEST(supervisor_model_scripts, reach_every_end_and_outcome) {
  std::string all;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    for (const auto& line : play_on_core(make_script(seed, script_form::full))) all += line + '\n';
  }
  for (const auto end : {supervisor_end::stopped, supervisor_end::gave_up,
                         supervisor_end::auto_shutdown, supervisor_end::first_start_failed}) {
    EXPECT_NE(all.find("!" + std::string{word(end)}), std::string::npos) << word(end);
  }
  for (auto i = 0; i <= static_cast<int>(request_outcome::ending); ++i) {
    const auto outcome = word(static_cast<request_outcome>(i));
    EXPECT_NE(all.find("=" + std::string{outcome}), std::string::npos) << outcome;
  }
}

class supervisor_mutation : public ::testing::TestWithParam<int> {};

TEST_P(supervisor_mutation, is_noticed) {
  const auto mutation = static_cast<otp_mutation>(GetParam());
  for (std::uint64_t seed = 1; seed <= 8'000; ++seed) {
    if (!agree(seed, script_form::full, mutation)) return;
  }
  FAIL() << "no script tells it from the rules";
}

INSTANTIATE_TEST_SUITE_P(rules, supervisor_mutation,
                         ::testing::Range(1, static_cast<int>(otp_mutation::last)),
                         [](const auto& info) {
                           return std::string{word(static_cast<otp_mutation>(info.param))};
                         });

}  // namespace
}  // namespace troupe::testing
