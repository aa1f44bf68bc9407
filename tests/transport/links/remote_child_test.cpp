// A child on another node whose start is overdue.
#include "transport/links/remote_child.hpp"

#include "runtime/supervisor.hpp"
#include "tests/transport/links/remote_nodes.hpp"

namespace troupe::testing {
namespace {

using std::chrono::seconds;

struct remote_child_test : remote_nodes {
  remote_child_test() {
    start("a");
    start("b", 1, {{"worker", [this](const std::string&) -> caf::expected<caf::strong_actor_ptr> {
                      ++started;
                      auto made = nodes["b"]->spawn([this](caf::event_based_actor* self) {
                        self->attach_functor([this] { ++ended; });
                        return caf::behavior{[](std::int64_t) {}};
                      });
                      return caf::actor_cast<caf::strong_actor_ptr>(made);
                    }}});
    supervisor_spec tree{.name = "boss", .policy = {.restarts_max = 0}};
    tree.children = {transport::remote_child(
        "it",
        {"worker", "", [this] { return nodes.at("a")->actors->node_server(describe("b")); }})};
    boss = spawn_supervisor(nodes["a"]->world.system, std::move(tree));
    boss->attach_functor([this](const caf::error& reason) { why = failure_text(reason); });
  }

  ~remote_child_test() override {
    caf::anon_send_exit(boss, caf::exit_reason::kill);
    boss = nullptr;
    settle();
  }

  supervisor_actor boss;
  std::string why;
  int started = 0, ended = 0;
};

TEST_F(remote_child_test, a_start_that_is_over_too_late_is_undone) {
  nodes["a"]->world.run();
  nodes["a"]->world.advance(seconds{4});
  EXPECT_EQ(why, "");
  nodes["a"]->world.advance(seconds{1});
  EXPECT_NE(why.find("gave up"), std::string::npos) << why;
  EXPECT_EQ(started, 0);
  settle();
  EXPECT_EQ(started, 1);
  EXPECT_EQ(ended, 1);
}

TEST_F(remote_child_test, a_start_under_way_holds_up_no_end_and_is_undone) {
  nodes["a"]->world.run();
  caf::anon_send_exit(boss, caf::exit_reason::user_shutdown);
  nodes["a"]->world.run();
  EXPECT_NE(why, "");
  settle();
  EXPECT_EQ(started, 1);
  EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace troupe::testing
