// Children whose start takes a while: what becomes of supervisor and child meanwhile.
#include "tests/runtime/supervisor_fixture.hpp"

namespace troupe::testing {
namespace {

using std::chrono::milliseconds;

class supervisor_later_test : public supervisor_test {
 protected:
  // Its start waits until the test says what came of it.
  child_spec later(const std::string& name) {
    auto spec = child(name);
    spec.start_later = [this, make = spec.start](caf::actor_system& system,
                                                 const caf::actor& supervisor) {
      ++asked;
      starter = system.spawn([=, this](caf::event_based_actor* self) -> caf::behavior {
        self->set_exit_handler([=](const caf::exit_msg& told) {
          self->send(supervisor, child_started{{}, told.reason});
          self->quit(told.reason);
        });
        return {[=](bool good) {
          auto made = good ? make(self->system()) : make_failure(errc::io_error, "no node");
          self->send(supervisor, made ? child_started{*made, {}} : child_started{{}, made.error()});
        }};
      });
      return starter;
    };
    spec.start = nullptr;
    return spec;
  }

  void finish(bool good) {
    caf::anon_send(starter, good);
    world.run();
  }

  ~supervisor_later_test() override {
    starter = nullptr;
    world.run();
  }

  caf::actor starter;
  int asked = 0;
};

TEST_F(supervisor_later_test, those_behind_it_wait_and_it_is_a_child_as_any) {
  start({child("a"), later("b"), child("c")});
  EXPECT_EQ(take_log(), "+a");
  finish(true);
  EXPECT_EQ(take_log(), "+b+c");
  EXPECT_NE(names.find("b"), nullptr);
  crash("b");
  world.advance(milliseconds{100});
  EXPECT_EQ(asked, 2);
  finish(true);
  EXPECT_EQ(take_log(), "-b+b");
  stop();
  EXPECT_EQ(take_log(), "-c-b-a!");
}

TEST_F(supervisor_later_test, a_start_that_fails_is_tried_again_and_counts) {
  start({later("b")}, {.restarts_max = 1});
  finish(false);
  world.advance(milliseconds{100});
  EXPECT_EQ(asked, 2);
  finish(false);
  EXPECT_EQ(take_log(), "!");
  EXPECT_EQ(asked, 2);
}

TEST_F(supervisor_later_test, an_actor_that_ends_without_a_word_has_failed) {
  start({later("b")});
  caf::anon_send_exit(starter, caf::exit_reason::kill);
  world.run();
  world.advance(milliseconds{100});
  EXPECT_EQ(asked, 2);
  finish(true);
  EXPECT_EQ(take_log(), "+b");
}

TEST_F(supervisor_later_test, an_order_to_end_does_not_wait_for_the_start) {
  start({child("a"), later("b")});
  stop();
  EXPECT_EQ(take_log(), "+a-a!");
}

TEST_F(supervisor_later_test, what_another_says_of_a_start_is_not_believed) {
  start({later("b")});
  caf::anon_send(caf::actor_cast<caf::actor>(boss), child_started{starter, {}});
  world.run();
  EXPECT_EQ(names.find("b"), nullptr);
  finish(true);
  EXPECT_NE(names.find("b"), nullptr);
}

}  // namespace
}  // namespace troupe::testing
