// Two nodes with real links: whatever ends of what joins one to the other, they find each other
// again.
#include "apps/node_cluster.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "actors/messages.hpp"
#include "actors/names.hpp"
#include "apps/node_front.hpp"
#include "apps/node_placement.hpp"
#include "tests/runtime/until.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::apps {
namespace {

// Something else that listens at a port.
class squatter {
 public:
  explicit squatter(std::uint16_t port = 0) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    const int on = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t size = sizeof at;
    is_there_ =
        ::bind(socket_, reinterpret_cast<sockaddr*>(&at), size) == 0 && ::listen(socket_, 1) == 0;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  squatter(const squatter&) = delete;
  squatter& operator=(const squatter&) = delete;
  ~squatter() { ::close(socket_); }

  bool is_there() const { return is_there_; }
  std::uint16_t port() const { return port_; }

 private:
  int socket_;
  bool is_there_ = false;
  std::uint16_t port_ = 0;
};

// What a follower is told: "life NAME", "up NAME", "gone NAME", "left NAME".
class told {
 public:
  void note(const std::string& line) {
    {
      std::lock_guard lock{mutex_};
      lines_.push_back(line);
    }
    changed_.notify_all();
  }

  // Waits until a line came for the n-th time.
  void wait_for(const std::string& line, std::ptrdiff_t times = 1) {
    std::unique_lock lock{mutex_};
    EXPECT_TRUE(changed_.wait_for(lock, testing::patience, [&] {
      return std::ranges::count(lines_, line) >= times;
    })) << line;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

struct node_config : testing::io_config {
  node_config() : io_config{1} { add_message_types<caf::id_block::troupe>(); }
};

class linked_node {
 public:
  linked_node(const std::string& name, std::uint16_t port, std::uint16_t seed) {
    all_.cluster.emplace();
    all_.cluster->name = "test";
    all_.cluster->port = port;
    all_.cluster->seeds = {"127.0.0.1:" + std::to_string(seed)};
    spec_.name = name;
    spec_.member.roles = {"router"};
    router_ = system_.spawn([]() -> caf::behavior { return {[](actors::stop_request) {}}; });
    names_.put(actors::router_name, router_);
    run_on(home(), [&] {
      cluster_ = std::move(*node_cluster::open({system_, home(), all_, spec_, names_, metrics_}));
    });
    supervisor_spec tree;
    tree.name = "cluster";
    tree.names = &names_;
    tree.on_restart = [this](const std::string&) { ++restarts; };
    tree.children = {cluster_->child()};
    supervisor_ = spawn_supervisor(system_, tree);
    follower_ = system_.spawn([this]() -> caf::behavior {
      return {[this](const cluster_life& life) { heard.note("life " + life.self.id.name); },
              [this](const transport::node_change& change) { take(change); }};
    });
    cluster_->follow(follower_);
  }

  ~linked_node() {
    stop();
    for (const auto& each : {router_, follower_}) {
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    }
    for (const auto& each : names_.names()) names_.erase(each);
    run_on(home(), [&] { cluster_.reset(); });
  }

  // Ends the tree in order.
  void stop() {
    if (!supervisor_) return;
    caf::scoped_actor self{system_};
    self->send_exit(supervisor_, caf::exit_reason::user_shutdown);
    self->wait_for(supervisor_);
    supervisor_ = nullptr;
  }

  io_thread& home() { return io_scheduler::of(system_)->thread(0); }
  caf::strong_actor_ptr actor(const std::string& name) const { return names_.find(name); }

  void kill(const std::string& name) {
    caf::anon_send_exit(names_.find_as<caf::actor>(name), caf::exit_reason::kill);
  }

  // Waits until another actor than this one has the name.
  void wait_for_another(const std::string& name, const caf::strong_actor_ptr& than) {
    EXPECT_TRUE(testing::until([&] { return actor(name) != nullptr && actor(name) != than; }))
        << name;
  }

  std::uint64_t incarnation() {
    std::uint64_t is = 0;
    run_on(home(), [&] { is = cluster_->look().self.id.incarnation; });
    return is;
  }

  void announce_leave() {
    run_on(home(), [&] { cluster_->announce_leave(); });
  }

  std::string measured() { return prometheus::TextSerializer{}.Serialize(metrics_.Collect()); }

  told heard;
  std::atomic<int> restarts{0};

 private:
  void take(const transport::node_change& change) {
    using kind = membership_event::kind;
    const auto& name = change.node.id.name;
    if (change.what == kind::up) heard.note("up " + name);
    if (change.what == kind::down) heard.note("gone " + name);
    if (change.what == kind::left) heard.note("left " + name);
    if (change.what == kind::leaving) heard.note("leaving " + name);
  }

  config::topology all_;
  config::node_spec spec_;
  registry names_;
  cluster_metrics metrics_;
  node_config config_;
  caf::actor_system system_{config_};
  std::unique_ptr<node_cluster> cluster_;
  supervisor_actor supervisor_;
  caf::actor router_, follower_;
};

class node_cluster_test : public ::testing::Test {
 protected:
  node_cluster_test() {
    a.heard.wait_for("up b");
    b.heard.wait_for("up a");
    const auto found = [](linked_node& at, const std::string& node) {
      return [&at, name = actors::router_name_of(node)] { return at.actor(name) != nullptr; };
    };
    EXPECT_TRUE(testing::until(found(a, "b")));
    EXPECT_TRUE(testing::until(found(b, "a")));
  }

  const std::uint16_t port = squatter{}.port();
  linked_node a{"a", port, port};
  linked_node b{"b", 0, port};
};

TEST_F(node_cluster_test, a_node_whose_membership_dies_joins_anew_as_another_life) {
  const auto before = a.incarnation();
  a.kill("cluster/membership");
  a.heard.wait_for("life a", 2);
  b.heard.wait_for("gone a");
  b.heard.wait_for("up a", 2);
  a.heard.wait_for("up b", 2);
  EXPECT_GT(a.incarnation(), before);
  EXPECT_GE(a.restarts, 1);
}

TEST_F(node_cluster_test, what_is_measured_is_that_of_the_present_life) {
  const auto links = [&] {
    return a.measured().find("troupe_link_up{peer=\"b\"} 1") != std::string::npos;
  };
  EXPECT_TRUE(testing::until(links));
  a.kill("cluster/membership");
  a.heard.wait_for("up b", 2);
  EXPECT_TRUE(testing::until(links));
  EXPECT_TRUE(testing::until([&] {
    return a.measured().find("troupe_cluster_members{state=\"up\"} 1") != std::string::npos;
  }));
  a.stop();
  EXPECT_EQ(a.measured(), "");
}

TEST_F(node_cluster_test, who_only_follows_is_restarted_within_the_life) {
  const auto before = a.incarnation();
  for (const auto* name : {"cluster/finder", "cluster/watch", "cluster/seeds"}) {
    const auto one = a.actor(name);
    a.kill(name);
    a.wait_for_another(name, one);
  }
  EXPECT_TRUE(testing::until([&] { return a.actor(actors::router_name_of("b")) != nullptr; }));
  EXPECT_EQ(a.incarnation(), before);
  EXPECT_EQ(a.restarts, 0);
}

TEST_F(node_cluster_test, a_node_that_cannot_listen_tries_again) {
  a.kill("cluster/member");
  std::unique_ptr<squatter> other;
  EXPECT_TRUE(testing::until([&] {
    other = std::make_unique<squatter>(port);
    return other->is_there();
  }));
  EXPECT_TRUE(testing::until([&] { return a.restarts >= 3; })) << "it has failed twice";
  other.reset();
  a.heard.wait_for("life a", 2);
  b.heard.wait_for("up a", 2);
}

TEST_F(node_cluster_test, a_node_whose_tree_ends_in_order_says_farewell) {
  a.stop();
  b.heard.wait_for("left a");
}

TEST_F(node_cluster_test, a_life_that_begins_while_the_node_leaves_says_so_too) {
  a.announce_leave();
  b.heard.wait_for("leaving a");
  a.kill("cluster/membership");
  b.heard.wait_for("leaving a", 2);
}

}  // namespace
}  // namespace troupe::apps
