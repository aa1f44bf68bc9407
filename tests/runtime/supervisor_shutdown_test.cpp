// How children are ended, and how supervisors end by themselves.
#include <string>
#include <utility>

#include "runtime/orderly_end.hpp"
#include "tests/runtime/supervisor_fixture.hpp"

namespace troupe::testing {
namespace {

using std::chrono::milliseconds;

TEST_F(supervisor_test, kills_a_brutal_child_at_once) {
  auto stubborn = child("a", restart_kind::permanent, true);
  stubborn.shutdown = child_shutdown::brutal;
  start({stubborn});
  take_log();
  stop();
  EXPECT_EQ(take_log(), "-a!");
}

TEST_F(supervisor_test, waits_for_an_unlimited_child_as_long_as_it_takes) {
  auto stubborn = child("a", restart_kind::permanent, true);
  stubborn.shutdown = child_shutdown::unlimited;
  start({stubborn});
  const auto actor = names.find_as<caf::actor>("a");
  take_log();
  stop();
  world.advance(milliseconds{3'600'000});
  EXPECT_EQ(take_log(), "");
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  world.run();
  EXPECT_EQ(take_log(), "-a!");
}

TEST_F(supervisor_test, a_significant_child_ends_the_tree) {
  auto job = child("job", restart_kind::transient);
  job.significant = true;
  start({child("a"), job, child("b")}, {.shutdown_when = auto_shutdown::any_significant});
  take_log();
  crash("job");
  world.advance(milliseconds{100});
  EXPECT_EQ(take_log(), "-job+job") << "a crash is no end";
  end("job", orderly_end("done"));
  EXPECT_EQ(take_log(), "-job-b-a!");
  EXPECT_TRUE(is_orderly(end_reason));
  EXPECT_EQ(failure_text(end_reason), "boss shut down: its significant children have ended");
}

TEST_F(supervisor_test, a_first_start_that_fails_ends_it_if_the_policy_says_so) {
  broken.insert("b");
  start({child("a"), child("b"), child("c")}, {.at_first_start = first_failure::fail});
  EXPECT_EQ(take_log(), "+a-a!");
  EXPECT_TRUE(names.names().empty());
  EXPECT_EQ(failure_text(end_reason), "boss could not start b: cannot start");
}

TEST_F(supervisor_test, a_transient_supervisor_that_gave_up_is_not_restarted) {
  auto inner = child_spec{.name = "inner", .kind = restart_kind::transient};
  inner.start = [this](caf::actor_system& system) -> caf::expected<caf::actor> {
    supervisor_spec spec{.name = "inner", .policy = {.restarts_max = 0}, .children = {child("a")}};
    spec.names = &names;
    return caf::actor_cast<caf::actor>(spawn_supervisor(system, std::move(spec)));
  };
  start({inner});
  take_log();
  crash("a");
  world.advance(milliseconds{20'000});
  EXPECT_EQ(take_log(), "-a") << "as in OTP, giving up is an orderly end";
}

TEST_F(supervisor_test, makes_children_from_a_template) {
  auto job = child_spec{.name = "job", .kind = restart_kind::transient};
  job.start_with = [this](caf::actor_system& system, const caf::message& arguments) {
    return child(arguments.get_as<std::string>(0)).start(system);
  };
  start({job}, {.strategy = restart_strategy::simple_one_for_one});
  EXPECT_EQ(take_log(), "") << "none at first";
  const auto first = ask(start_instance{caf::make_message(std::string{"x"})});
  ASSERT_TRUE(first.report) << first.error;
  EXPECT_EQ(first.report->name, "job/1");
  ask(start_instance{caf::make_message(std::string{"y"})});
  crash("job/1");
  world.advance(milliseconds{100});
  EXPECT_EQ(take_log(), "+x+y-x+x") << "restarted with its own arguments";
  ask(terminate_child{"job/2"});
  EXPECT_EQ(ask(terminate_child{"job/2"}).error, "no child is called job/2");
  EXPECT_EQ(ask(delete_child{"job/1"}).code, errc::unsupported);
  stop();
  EXPECT_EQ(take_log(), "-y-x!");
}

}  // namespace
}  // namespace troupe::testing
