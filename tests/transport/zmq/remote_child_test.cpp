// A supervisor on one node and its child on another, over real sockets.
#include "transport/links/remote_child.hpp"

#include <atomic>
#include <mutex>

#include <gtest/gtest.h>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include "runtime/supervisor.hpp"
#include "tests/runtime/until.hpp"
#include "tests/transport/zmq/link_node.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/links/node_messages.hpp"
#include "transport/links/remote_actors.hpp"

namespace troupe::transport::zmq {
namespace {

const transport::message_catalogue& kinds() {
  static const auto made = [] {
    transport::message_catalogue catalogue;
    catalogue.add<caf::error>("(error)");
    catalogue.add<std::string>("(text)");
    add_node_messages(catalogue);
    return catalogue;
  }();
  return made;
}

// A node that starts actors of kind "worker" for others.
class world_node {
 public:
  explicit world_node(const std::string& name) {
    remote_ = remote_actors::make({world_.system, kinds(), names_, {{"worker", maker()}}});
    auto options = quick_options();
    options.catalogue = {kinds().hash(), kinds().names()};
    const node_description self{{name, 1}, "tcp://127.0.0.1:0", {}, {}, 1, 1};
    world_.on_thread(0, [&] {
      links_ = std::move(*node_links::open(world_.thread(), self, options, *remote_));
      remote_->attach({std::shared_ptr<void>{}, links_.get()});  // not owned
    });
  }

  // As a process ends: nothing is said to anybody.
  ~world_node() {
    world_.on_thread(0, [&] {
      remote_->close();
      links_.reset();
    });
    for (const auto& name : names_.names()) names_.erase(name);
    std::lock_guard lock{mutex_};
    for (const auto& each : workers_) caf::anon_send_exit(each, caf::exit_reason::kill);
  }

  caf::actor_system& system() { return world_.system; }
  const node_description& self() const { return links_->self(); }
  registry& names() { return names_; }
  remote_actors& remote() { return *remote_; }

  // The verdict of membership.
  void hold_down(const node_id& node) {
    links_->end(node, make_failure(errc::connection_lost, "it is down"));
  }

  int started() const { return started_; }
  int living() const { return started_ - ended_; }
  caf::actor worker() {
    std::lock_guard lock{mutex_};
    return workers_.back();
  }

  bool is_stubborn = false;  // its workers do not end when they are asked to

 private:
  actor_factory maker() {
    return [this](const std::string& arguments) -> caf::expected<caf::strong_actor_ptr> {
      if (arguments != "good") return make_failure(errc::invalid_request, "no such worker");
      auto made = world_.system.spawn([this](caf::event_based_actor* self) -> caf::behavior {
        self->attach_functor([this] { ++ended_; });
        if (is_stubborn) self->set_exit_handler([](const caf::exit_msg&) {});
        return {[](const std::string& text) { return text + "!"; }};
      });
      std::lock_guard lock{mutex_};
      workers_.push_back(made);
      ++started_;
      return caf::actor_cast<caf::strong_actor_ptr>(made);
    };
  }

  std::atomic<int> started_{0}, ended_{0};
  std::mutex mutex_;
  std::vector<caf::actor> workers_;
  registry names_;
  testing::io_world world_;
  std::shared_ptr<remote_actors> remote_;
  std::unique_ptr<node_links> links_;
};

class remote_child_test : public ::testing::Test {
 protected:
  ~remote_child_test() override { stop(); }

  child_spec worker(const std::string& arguments = "good") {
    return remote_child("worker", {"worker", arguments, [this] { return server(); }});
  }

  // Of the first node in `places`.
  caf::expected<caf::strong_actor_ptr> server() {
    std::lock_guard lock{mutex};
    if (places.empty()) return make_failure(errc::not_found, "no node may run it");
    return home.remote().node_server(places.front());
  }

  void place_at(std::vector<node_description> nodes) {
    std::lock_guard lock{mutex};
    places = std::move(nodes);
  }

  void start(child_spec child, supervisor_policy policy = {}) {
    supervisor_spec tree{.name = "boss", .policy = policy};
    tree.names = &home.names();
    tree.children = {std::move(child)};
    tree.on_restart = [this](const std::string&) { ++restarts; };
    boss = spawn_supervisor(home.system(), std::move(tree));
    boss->attach_functor([this] { has_ended = true; });
  }

  void stop() {
    if (!boss) return;
    caf::anon_send_exit(boss, caf::exit_reason::user_shutdown);
    EXPECT_TRUE(testing::until([&] { return has_ended.load(); }));
    boss = nullptr;
  }

  // Waits until the child is another than this one, and answers.
  caf::strong_actor_ptr answers(const caf::strong_actor_ptr& than = nullptr) {
    caf::strong_actor_ptr child;
    EXPECT_TRUE(testing::until([&] {
      child = home.names().find("worker");
      return child != nullptr && child != than;
    }));
    std::string got;
    caf::scoped_actor self{home.system()};
    self->request(caf::actor_cast<caf::actor>(child), testing::patience, std::string{"hello"})
        .receive([&](const std::string& text) { got = text; }, [](const caf::error&) {});
    EXPECT_EQ(got, "hello!");
    return child;
  }

  std::mutex mutex;
  std::vector<node_description> places;
  world_node home{"home"};
  std::unique_ptr<world_node> b = std::make_unique<world_node>("b");
  world_node c{"c"};
  supervisor_actor boss;
  std::atomic<int> restarts{0};
  std::atomic<bool> has_ended{false};
};

TEST_F(remote_child_test, is_restarted_where_it_crashes_and_stopped_with_its_supervisor) {
  place_at({b->self()});
  start(worker());
  const auto first = answers();
  caf::anon_send_exit(b->worker(), caf::exit_reason::kill);
  answers(first);
  EXPECT_EQ(restarts, 1);
  EXPECT_EQ(b->started(), 2);
  stop();
  EXPECT_TRUE(testing::until([&] { return b->living() == 0; }));
}

TEST_F(remote_child_test, starts_on_another_node_where_its_own_is_lost) {
  place_at({b->self()});
  start(worker());
  const auto first = answers();
  place_at({c.self()});
  const auto id = b->self().id;
  b.reset();
  home.hold_down(id);
  answers(first);
  EXPECT_EQ(c.started(), 1);
  EXPECT_EQ(restarts, 1);
}

TEST_F(remote_child_test, counts_against_the_intensity_where_no_node_may_run_it) {
  place_at({b->self()});
  start(worker(), {.restarts_max = 2, .backoff_min = std::chrono::milliseconds{1}});
  answers();
  place_at({});
  caf::anon_send_exit(b->worker(), caf::exit_reason::kill);
  EXPECT_TRUE(testing::until([&] { return has_ended.load(); })) << "it gives up";
  EXPECT_EQ(restarts, 2);
}

TEST_F(remote_child_test, says_why_a_node_does_not_start_it) {
  place_at({b->self()});
  start(worker("bad"), {.restarts_max = 1, .backoff_min = std::chrono::milliseconds{1}});
  EXPECT_TRUE(testing::until([&] { return has_ended.load(); }));
  EXPECT_EQ(b->started(), 0);
}

TEST_F(remote_child_test, a_child_that_does_not_end_in_its_grace_is_killed) {
  b->is_stubborn = true;
  place_at({b->self()});
  auto child = worker();
  child.stop_grace = std::chrono::milliseconds{50};
  start(std::move(child));
  answers();
  stop();
  EXPECT_TRUE(testing::until([&] { return b->living() == 0; }));
}

TEST_F(remote_child_test, does_not_outlive_a_supervisor_that_is_killed) {
  place_at({b->self()});
  start(worker());
  answers();
  caf::anon_send_exit(boss, caf::exit_reason::kill);
  EXPECT_TRUE(testing::until([&] { return b->living() == 0; }));
}

TEST_F(remote_child_test, does_not_outlive_the_node_of_its_supervisor) {
  place_at({b->self()});
  start(worker());
  answers();
  b->hold_down(home.self().id);
  EXPECT_TRUE(testing::until([&] { return b->living() == 0; }));
}

}  // namespace
}  // namespace troupe::transport::zmq
