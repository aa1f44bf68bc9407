// Children added and taken away while a supervisor runs.
#include <string>

#include "tests/runtime/supervisor_fixture.hpp"

namespace troupe::testing {
namespace {

using std::chrono::milliseconds;

TEST_F(supervisor_test, adds_a_child_while_it_runs_and_watches_it) {
  start({child("a")});
  take_log();
  const auto added = ask(start_child{child("b")});
  ASSERT_TRUE(added.report) << added.error;
  EXPECT_EQ(added.report->name, "b");
  EXPECT_EQ(added.report->condition, child_condition::running);
  EXPECT_EQ(added.report->actor, names.find_as<caf::actor>("b"));
  crash("b");
  world.advance(milliseconds{100});
  EXPECT_EQ(take_log(), "+b-b+b");
  stop();
  EXPECT_EQ(take_log(), "-b-a!") << "the added one is the last";
}

TEST_F(supervisor_test, takes_a_child_away) {
  start({child("a"), child("b")});
  take_log();
  const auto stopped = ask(terminate_child{"a"});
  ASSERT_TRUE(stopped.report) << stopped.error;
  EXPECT_EQ(stopped.report->condition, child_condition::stopped);
  EXPECT_EQ(take_log(), "-a");
  world.advance(milliseconds{20'000});
  EXPECT_EQ(take_log(), "") << "it is not restarted";
  EXPECT_TRUE(ask(delete_child{"a"}).report);
  EXPECT_EQ(ask(restart_child{"a"}).error, "no child is called a");
  EXPECT_TRUE(ask(start_child{child("a")}).report) << "the name is free again";
}

TEST_F(supervisor_test, terminate_and_delete_sent_together_take_a_child_away) {
  start({child("a"), child("b")});
  take_log();
  caf::anon_send(boss, terminate_child{"a"});
  EXPECT_TRUE(ask(delete_child{"a"}).report);
  EXPECT_EQ(take_log(), "-a");
}

TEST_F(supervisor_test, restarts_a_terminated_child_in_its_old_place) {
  start({child("a"), child("b")});
  ask(terminate_child{"a"});
  take_log();
  const auto again = ask(restart_child{"a"});
  ASSERT_TRUE(again.report) << again.error;
  EXPECT_EQ(again.report->starts, 2U);
  stop();
  EXPECT_EQ(take_log(), "+a-b-a!");
}

TEST_F(supervisor_test, refuses_what_cannot_be_with_a_reason) {
  start({child("a"), child("b")});
  EXPECT_EQ(ask(start_child{child("a")}).error, "a runs already");
  EXPECT_EQ(ask(restart_child{"a"}).error, "a runs: terminate it first");
  EXPECT_EQ(ask(delete_child{"a"}).error, "a runs: terminate it first");
  EXPECT_EQ(ask(terminate_child{"x"}).error, "no child is called x");
  EXPECT_EQ(ask(start_child{child_spec{.name = "x"}}).error, "x cannot be started");
  EXPECT_EQ(ask(start_instance{}).error, "there is no template");
  ask(terminate_child{"a"});
  EXPECT_EQ(ask(start_child{child("a")}).error, "a is there already and does not run");
  crash("b");
  EXPECT_EQ(ask(restart_child{"b"}).error, "b is being restarted");
  auto significant = child("c", restart_kind::transient);
  significant.significant = true;
  EXPECT_EQ(ask(start_child{significant}).code, errc::invalid_request);
}

TEST_F(supervisor_test, an_added_child_that_cannot_start_is_not_kept) {
  start({child("a")});
  broken.insert("b");
  EXPECT_EQ(ask(start_child{child("b")}).error, "cannot start");
  broken.clear();
  EXPECT_TRUE(ask(start_child{child("b")}).report);
}

}  // namespace
}  // namespace troupe::testing
