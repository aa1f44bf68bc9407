// The supervisor actor under the test coordinator: virtual time, one thread.
#include "runtime/supervisor.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtime/errc.hpp"
#include "runtime/orderly_end.hpp"
#include "tests/runtime/supervisor_fixture.hpp"

namespace troupe::testing {
namespace {

using std::chrono::milliseconds;

TEST_F(supervisor_test, starts_in_order_publishes_and_stops_in_reverse) {
  start({child("a"), child("b"), child("c")});
  EXPECT_EQ(take_log(), "+a+b+c");
  EXPECT_EQ(names.names(), (std::vector<std::string>{"a", "b", "c"}));
  stop();
  EXPECT_EQ(take_log(), "-c-b-a!");
  EXPECT_EQ(end_reason, caf::exit_reason::user_shutdown);
  EXPECT_TRUE(names.names().empty());
}

TEST_F(supervisor_test, restarts_after_the_back_off_and_publishes_anew) {
  start({child("a"), child("b")}, {.backoff_min = milliseconds{100}});
  cached_handle<caf::actor> cached{names, "a"};
  const auto first = cached.get();
  take_log();
  crash("a");
  EXPECT_EQ(take_log(), "-a");
  EXPECT_FALSE(cached.get()) << "nobody is published while it is down";
  world.advance(milliseconds{49});
  EXPECT_EQ(take_log(), "") << "half of the back-off is certain";
  world.advance(milliseconds{51});
  EXPECT_EQ(take_log(), "+a");
  EXPECT_TRUE(cached.get());
  EXPECT_NE(cached.get(), first);
  EXPECT_EQ(restarts, (std::map<std::string, int>{{"a", 1}}));
}

TEST_F(supervisor_test, rest_for_one_restarts_those_after_it) {
  start({child("a"), child("b"), child("c")}, {.strategy = restart_strategy::rest_for_one});
  take_log();
  crash("b");
  EXPECT_EQ(take_log(), "-b-c");
  world.advance(milliseconds{100});
  EXPECT_EQ(take_log(), "+b+c");
}

TEST_F(supervisor_test, one_for_all_restarts_everybody) {
  start({child("a"), child("b"), child("c")}, {.strategy = restart_strategy::one_for_all});
  take_log();
  crash("b");
  EXPECT_EQ(take_log(), "-b-c-a");
  world.advance(milliseconds{100});
  EXPECT_EQ(take_log(), "+a+b+c");
}

TEST_F(supervisor_test, leaves_transient_children_that_end_normally) {
  start({child("a", restart_kind::transient)});
  end("a", caf::exit_reason::user_shutdown);
  world.advance(milliseconds{20'000});
  EXPECT_EQ(take_log(), "+a-a");
}

TEST_F(supervisor_test, gives_up_above_the_intensity_and_says_why) {
  start({child("a"), child("b")}, {.restarts_max = 1});
  take_log();
  crash("a");
  world.advance(milliseconds{100});
  crash("a");
  EXPECT_EQ(take_log(), "-a+a-a-b!");
  EXPECT_TRUE(is_orderly(end_reason));
  EXPECT_EQ(failure_text(end_reason), "boss gave up: more than 1 restarts within 60000 ms");
}

TEST_F(supervisor_test, a_supervisor_of_supervisors_restarts_the_one_that_gave_up) {
  auto inner = child_spec{.name = "inner"};
  inner.start = [this](caf::actor_system& system) -> caf::expected<caf::actor> {
    supervisor_spec spec{.name = "inner", .policy = {.restarts_max = 0}, .children = {child("a")}};
    spec.names = &names;
    return caf::actor_cast<caf::actor>(spawn_supervisor(system, std::move(spec)));
  };
  start({inner});
  take_log();
  crash("a");
  world.advance(milliseconds{100});
  EXPECT_EQ(take_log(), "-a+a");
  EXPECT_EQ(restarts["inner"], 1);
}

TEST_F(supervisor_test, tries_again_when_a_child_cannot_start) {
  broken.insert("a");
  start({child("a"), child("b")});
  EXPECT_EQ(take_log(), "+b");
  world.advance(milliseconds{100});
  EXPECT_EQ(take_log(), "");
  broken.clear();
  world.advance(milliseconds{200});
  EXPECT_EQ(take_log(), "+a");
}

TEST_F(supervisor_test, kills_a_child_that_ignores_its_end) {
  start({child("a"), child("b", restart_kind::permanent, true)});
  take_log();
  stop();
  EXPECT_EQ(take_log(), "");
  world.advance(milliseconds{999});
  EXPECT_EQ(take_log(), "");
  world.advance(milliseconds{1});
  EXPECT_EQ(take_log(), "-b-a!");
}

TEST_F(supervisor_test, reports_its_children) {
  start({child("a"), child("b", restart_kind::temporary)});
  crash("a");
  world.advance(milliseconds{100});
  crash("b");
  std::string seen;
  auto asker = world.system.spawn([&](caf::event_based_actor* self) {
    self->request(boss, caf::infinite, which_children{})
        .then([&](const std::vector<child_report>& all) {
          for (const auto& c : all) {
            seen += c.name + (c.condition == child_condition::running ? " up " : " down ") +
                    std::to_string(c.starts) + "; ";
          }
        });
  });
  world.run();
  EXPECT_EQ(seen, "a up 2; ") << "a temporary child that ended is forgotten";
}

TEST_F(supervisor_test, killed_takes_its_children_along) {
  start({child("a"), child("b")});
  take_log();
  caf::anon_send_exit(boss, caf::exit_reason::kill);
  world.run();
  EXPECT_NE(log.find("-a"), std::string::npos);
  EXPECT_NE(log.find("-b"), std::string::npos);
  EXPECT_TRUE(names.names().empty());
}

TEST(supervisor_on_threads, restarts_a_crashed_child_in_real_time) {
  registry names;
  handed<bool> restarted;
  int starts = 0;  // the supervisor's steps follow each other, whatever thread they run on
  io_world world{2};
  supervisor_spec spec{.policy = {.backoff_min = milliseconds{5}}};
  spec.names = &names;
  spec.children.push_back(
      {"a", restart_kind::permanent, milliseconds{1'000},
       [&](caf::actor_system& system) -> caf::expected<caf::actor> {
         auto actor = system.spawn([](caf::event_based_actor* self) {
           return caf::behavior{[self](int) { self->quit(make_failure(errc::io_error, "crash")); }};
         });
         caf::anon_send(actor, ++starts);
         if (starts == 3) restarted.set(true);
         return actor;
       }});
  auto boss = spawn_supervisor(world.system, std::move(spec));
  EXPECT_TRUE(restarted.get());
  caf::anon_send_exit(boss, caf::exit_reason::user_shutdown);
}

}  // namespace
}  // namespace troupe::testing
