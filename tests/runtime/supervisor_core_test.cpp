#include "runtime/supervisor_core.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace troupe {
namespace {

using std::chrono::milliseconds;
using kind = supervisor_action::kind;

std::vector<child_rules> rules_of(const std::vector<restart_kind>& kinds) {
  std::vector<child_rules> rules;
  for (const auto kind : kinds) rules.push_back({std::to_string(rules.size()), kind});
  return rules;
}

// Carries out actions at once and writes them down: "+1" started, "-1" asked to stop, "~1" a
// restart was promised for child 1, "!" finished.
class bench {
 public:
  bench(restart_strategy strategy, const std::vector<restart_kind>& kinds,
        std::uint32_t restarts_max = 3)
      : core{{.strategy = strategy, .restarts_max = restarts_max, .period = milliseconds{1'000}},
             rules_of(kinds)} {
    take(core.start());
  }

  // Returns what was done since the last call.
  std::string log() { return std::exchange(log_, {}); }

  void die(std::size_t child, bool normal = false) { take(core.exited({child, normal, now, 1.0})); }
  void restart() {
    ASSERT_TRUE(promised);
    const auto ticket = promised->token;
    promised.reset();
    take(core.restart_due(ticket));
  }
  void stop() { take(core.stop()); }

  void take(const supervisor_core::actions& actions) {
    for (const auto& a : actions) {
      switch (a.what) {
        case kind::start:
          log_ += "+" + std::to_string(a.child);
          take(fails_to_start ? core.exited({a.child, false, now, 1.0})
                              : core.started(a.child, now));
          break;
        case kind::stop:
          log_ += "-" + std::to_string(a.child);
          if (!stops_by_itself) break;
          die(a.child);
          break;
        case kind::restart:
          log_ += "~" + std::to_string(a.child);
          promised = a;
          break;
        case kind::answer:
        case kind::forget:
          break;
        case kind::finish:
          log_ += "!";
          break;
      }
    }
  }

  supervisor_core core;
  time_point now{};
  std::optional<supervisor_action> promised;
  bool stops_by_itself = true;
  bool fails_to_start = false;

 private:
  std::string log_;
};

constexpr auto permanent = restart_kind::permanent;
constexpr auto transient = restart_kind::transient;
constexpr auto temporary = restart_kind::temporary;
const std::vector<restart_kind> three_permanent(3, permanent);

TEST(supervisor_core, starts_in_order_and_stops_in_reverse) {
  bench b{restart_strategy::one_for_one, three_permanent};
  EXPECT_EQ(b.log(), "+0+1+2");
  b.stop();
  EXPECT_EQ(b.log(), "-2-1-0!");
  EXPECT_TRUE(b.core.finished());
  EXPECT_EQ(b.core.end(), supervisor_end::stopped);
  b.stop();
  EXPECT_EQ(b.log(), "");
}

TEST(supervisor_core, waits_for_each_child_to_stop_before_the_next) {
  bench b{restart_strategy::one_for_one, three_permanent};
  b.log();
  b.stops_by_itself = false;
  b.stop();
  EXPECT_EQ(b.log(), "-2");
  b.die(0);  // by itself, before its turn
  EXPECT_EQ(b.log(), "");
  b.die(2);
  EXPECT_EQ(b.log(), "-1");
  b.die(1);
  EXPECT_EQ(b.log(), "!");
}

struct restart_case {
  const char* name;
  restart_strategy strategy;
  std::vector<restart_kind> kinds;
  std::size_t dies;
  bool normal;
  std::string at_once;
  std::string after_back_off;  // empty: no restart
};

class supervisor_core_restart : public ::testing::TestWithParam<restart_case> {};

TEST_P(supervisor_core_restart, follows_the_table) {
  const auto& c = GetParam();
  bench b{c.strategy, c.kinds};
  b.log();
  b.die(c.dies, c.normal);
  EXPECT_EQ(b.log(), c.at_once);
  ASSERT_EQ(b.promised.has_value(), !c.after_back_off.empty());
  if (!b.promised) return;
  b.restart();
  EXPECT_EQ(b.log(), c.after_back_off);
}

const restart_case restart_table[] = {
    {"one", restart_strategy::one_for_one, three_permanent, 1, false, "~1", "+1"},
    {"one_normal", restart_strategy::one_for_one, three_permanent, 1, true, "~1", "+1"},
    {"transient_crash", restart_strategy::one_for_one, {transient}, 0, false, "~0", "+0"},
    {"transient_normal", restart_strategy::one_for_one, {transient}, 0, true, "", ""},
    {"temporary_crash", restart_strategy::one_for_one, {temporary}, 0, false, "", ""},
    {"all", restart_strategy::one_for_all, three_permanent, 1, false, "-2-0~1", "+0+1+2"},
    {"all_drops_temporary",
     restart_strategy::one_for_all,
     {permanent, temporary, permanent},
     0,
     false,
     "-2-1~0",
     "+0+2"},
    {"all_normal_transient",
     restart_strategy::one_for_all,
     {permanent, transient},
     1,
     true,
     "",
     ""},
    {"rest", restart_strategy::rest_for_one, three_permanent, 1, false, "-2~1", "+1+2"},
    {"rest_last", restart_strategy::rest_for_one, three_permanent, 2, false, "~2", "+2"},
    {"rest_first", restart_strategy::rest_for_one, three_permanent, 0, false, "-2-1~0", "+0+1+2"},
};

INSTANTIATE_TEST_SUITE_P(table, supervisor_core_restart, ::testing::ValuesIn(restart_table),
                         [](const auto& info) { return std::string{info.param.name}; });

TEST(supervisor_core, a_transient_child_that_ended_comes_back_with_its_group) {
  bench b{restart_strategy::one_for_all, {permanent, transient}};
  b.die(1, true);
  EXPECT_EQ(b.log(), "+0+1");
  b.die(0);
  b.restart();
  EXPECT_EQ(b.log(), "~0+0+1");
}

TEST(supervisor_core, an_earlier_sibling_that_dies_widens_the_restart) {
  bench b{restart_strategy::rest_for_one, three_permanent};
  b.log();
  b.die(2);
  const auto stale = b.promised->token;
  b.die(1);
  EXPECT_EQ(b.log(), "~2~1");
  b.take(b.core.restart_due(stale));
  EXPECT_EQ(b.log(), "") << "2 now waits for 1";
  b.restart();
  EXPECT_EQ(b.log(), "+1+2");
}

TEST(supervisor_core, gives_up_above_the_intensity) {
  bench b{restart_strategy::one_for_one, three_permanent, 2};
  b.log();
  for (int i = 0; i < 2; ++i) {
    b.now += milliseconds{400};
    b.die(1);
    b.restart();
  }
  EXPECT_EQ(b.log(), "~1+1~1+1");
  b.now += milliseconds{200};  // the third within 600 ms
  b.die(1);
  EXPECT_EQ(b.log(), "-2-0!");
  EXPECT_EQ(b.core.end(), supervisor_end::gave_up);
}

TEST(supervisor_core, forgets_restarts_older_than_the_period) {
  bench b{restart_strategy::one_for_one, {permanent}, 1};
  for (int i = 0; i < 10; ++i) {
    b.now += milliseconds{1'001};
    b.die(0);
    ASSERT_FALSE(b.core.stopping()) << i;
    b.restart();
  }
  EXPECT_EQ(b.core.restarts(), 10U);
}

TEST(supervisor_core, a_child_that_never_starts_uses_up_the_intensity) {
  bench b{restart_strategy::one_for_one, {permanent, permanent}, 2};
  b.log();
  b.fails_to_start = true;
  b.die(1);
  b.restart();
  b.restart();
  EXPECT_EQ(b.log(), "~1+1~1+1-0!");
  EXPECT_EQ(b.core.end(), supervisor_end::gave_up);
}

TEST(supervisor_core, doubles_the_back_off_up_to_its_bound) {
  supervisor_core core{{.restarts_max = 100,
                        .period = milliseconds{1'000},
                        .backoff_min = milliseconds{100},
                        .backoff_max = milliseconds{700}},
                       rules_of({permanent})};
  time_point now{};
  core.start();
  const auto delay_ms = [&](double jitter, milliseconds uptime) {
    core.started(0, now);
    now += uptime;
    const auto actions = core.exited({0, false, now, jitter});
    core.restart_due(actions.at(0).token);
    return std::chrono::duration_cast<milliseconds>(actions.at(0).delay).count();
  };
  EXPECT_EQ(delay_ms(1.0, milliseconds{1}), 100);
  EXPECT_EQ(delay_ms(1.0, milliseconds{1}), 200);
  EXPECT_EQ(delay_ms(0.0, milliseconds{1}), 200) << "half of 400: jitter takes at most half";
  EXPECT_EQ(delay_ms(1.0, milliseconds{1}), 700);
  EXPECT_EQ(delay_ms(1.0, milliseconds{1}), 700);
  EXPECT_EQ(delay_ms(1.0, milliseconds{1'000}), 100) << "it had run for a whole period";
}

TEST(supervisor_core, stop_during_a_start_stops_that_child_too) {
  supervisor_core core{{}, rules_of({permanent, permanent})};
  EXPECT_EQ(core.start().at(0).child, 0U);
  EXPECT_TRUE(core.stop().empty());
  const auto next = core.started(0, time_point{});
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].what, kind::stop);
  EXPECT_EQ(core.exited({0, true, time_point{}, 0}).at(0).what, kind::finish);
}

}  // namespace
}  // namespace troupe
