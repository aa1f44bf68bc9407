// The admin actor in the tree of a node: whatever ends it, operators are answered again, and it
// knows what the one before it knew.
#include "apps/node_admin_front.hpp"

#include <atomic>
#include <stdexcept>

#include <gmock/gmock.h>

#include "actors/names.hpp"
#include "apps/node_front.hpp"
#include "apps/node_tree.hpp"
#include "runtime/errc.hpp"
#include "tests/engine/embedded/serve/blocking_client.hpp"
#include "tests/runtime/worlds.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::apps {
namespace {

using engine::test::blocking_client;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int tries_max = 100'000;

struct node_config : testing::io_config {
  node_config() : io_config{1} { add_message_types<caf::id_block::troupe>(); }
};

config::engine_spec engine_called(const std::string& name) {
  config::engine_spec engine;
  engine.name = name;
  engine.kind = config::engine_kind::openai;
  engine.url = "http://127.0.0.1:1";
  return engine;
}

config::node_spec node_of_one_engine() {
  config::node_spec spec;
  spec.engines = {engine_called("a")};
  spec.admin.address = "127.0.0.1";
  spec.supervisor.backoff_min = spec.supervisor.backoff_max = std::chrono::milliseconds{1};
  return spec;
}

class node_admin_test : public ::testing::Test {
 protected:
  node_admin_test() {
    run_on(home(), [&] {
      client.emplace(home().context(), config::client_limits{});
      port = front.listen(spec.admin).value();
    });
    resources.emplace(node_resources{spec, live, "troupe", names, metrics, home(), *client});
    auto started = front.started();
    supervisor = spawn_supervisor(system, make_tree(*resources, front.admin_child(options())));
    run_on(home(), [&] { record.supervisor = supervisor; });
    started.wait();
  }

  ~node_admin_test() override {
    run_on(home(), [&] {
      front.close();
      record.supervisor = nullptr;
    });
    caf::scoped_actor self{system};
    self->send_exit(supervisor, caf::exit_reason::user_shutdown);
    self->wait_for(supervisor);
    run_on(home(), [&] { client.reset(); });
  }

  admin_options options() {
    admin_options with{&record, &names, &live};
    with.engine_child = [this](const config::engine_spec& engine) { return child(engine); };
    with.describe = [](const config::engine_spec&) { return caf::error{}; };
    with.reread = [this]() -> caf::expected<config::reloaded> {
      ++rereads;
      const auto node = reread();
      if (!node) return node.error();
      return config::reloaded{shared, *node};
    };
    with.secure = [](const config::reloaded&) { return caf::error{}; };
    with.apply_fronts = [](const config::node_spec&) {};
    with.cluster = [this]() -> std::optional<cluster_look> { return look; };
    with.metrics = [] { return std::string{"requests_total 3\n"}; };
    return with;
  }

  io_thread& home() { return io_scheduler::of(system)->thread(0); }
  caf::strong_actor_ptr actor() { return names.find("admin/api"); }

  engine::test::reply call(const std::string& method, const std::string& path,
                           const std::string& body = "") {
    return blocking_client{port}.call(method, path, body);
  }

  // The names of the engines, as the admin API lists them.
  std::vector<std::string> engines() {
    std::vector<std::string> found;
    const auto page = call("GET", "/admin/engines").parsed();
    for (const auto& each : page.at("engines")) found.push_back(each.at("name"));
    return found;
  }

  // Calls again and again until it is so.
  bool until(const std::function<bool()>& is_so) {
    for (int i = 0; i < tries_max; ++i) {
      if (is_so()) return true;
    }
    return false;
  }

  // Waits until another actor than this one answers.
  void wait_for_another(const caf::strong_actor_ptr& than) {
    EXPECT_TRUE(until([&] {
      const auto status = call("GET", "/admin/engines").status;
      const auto found = actor();
      return status == 200 && found && found != than;
    }));
  }

  void kill() {
    const auto before = actor();
    ASSERT_TRUE(before);
    caf::anon_send_exit(before, caf::exit_reason::kill);
    wait_for_another(before);
  }

  config::node_spec spec = node_of_one_engine();
  std::function<child_spec(const config::engine_spec&)> child =
      [this](const config::engine_spec& engine) { return engine_child(*resources, engine); };
  std::function<caf::expected<config::node_spec>()> reread = [this] { return spec; };
  config::topology shared;
  std::atomic<int> rereads{0};
  std::optional<cluster_look> look;
  registry names;
  live_settings live{spec.router};
  node_record record{spec};
  std::shared_ptr<prometheus::Registry> metrics = std::make_shared<prometheus::Registry>();
  std::optional<node_resources> resources;
  node_config config;
  caf::actor_system system{config};
  std::optional<transport::http::client> client;
  admin_front front{home()};
  std::uint16_t port = 0;
  supervisor_actor supervisor;
};

TEST_F(node_admin_test, a_killed_actor_is_replaced_by_one_that_knows_the_same) {
  EXPECT_THAT(engines(), ElementsAre("a"));
  const auto added = R"({"name":"b","kind":"openai","url":"http://127.0.0.1:1"})";
  EXPECT_EQ(call("POST", "/admin/engines", added).status, 201U);
  kill();
  EXPECT_THAT(engines(), ElementsAre("a", "b"));
  EXPECT_EQ(call("POST", "/admin/engines", added).status, 400U);  // it is there
  EXPECT_EQ(call("DELETE", "/admin/engines/b?force").status, 202U);
  EXPECT_TRUE(until([&] { return engines().size() == 1; }));
  kill();
  EXPECT_THAT(engines(), ElementsAre("a"));
}

// The first of the group is taken back when the second cannot be started.
TEST_F(node_admin_test, a_group_starts_whole_or_not_at_all) {
  child = [this](const config::engine_spec& engine) {
    auto spec = engine_child(*resources, engine_called(engine.name));
    if (engine.name != "g-1") return spec;
    spec.start = [](caf::actor_system&) { return make_failure(errc::io_error, "no room"); };
    return spec;
  };
  const std::string any_file = TROUPE_SOURCE_DIR "/README.md";
  const auto refused =
      call("POST", "/admin/engines",
           R"({"name":"g","kind":"embedded","count":2,"model":")" + any_file + "\"}");
  EXPECT_EQ(refused.status, 500U);
  EXPECT_THAT(refused.body, HasSubstr("no room"));
  EXPECT_TRUE(until([&] { return engines() == std::vector<std::string>{"a"}; }));
  EXPECT_TRUE(until([&] { return names.find("engine/g-0/proxy") == nullptr; }));
}

TEST_F(node_admin_test, one_that_throws_is_replaced_and_its_call_is_503) {
  reread = []() -> caf::expected<config::node_spec> { throw std::runtime_error{"no file"}; };
  const auto before = actor();
  const auto answer = call("POST", "/admin/reload");
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.headers.at("retry-after"), "1");
  EXPECT_THAT(answer.body, HasSubstr("being restarted"));
  wait_for_another(before);
  reread = [] { return make_failure(errc::invalid_config, "a mistake"); };
  const auto refused = call("POST", "/admin/reload");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_THAT(refused.body, HasSubstr("a mistake"));
}

TEST_F(node_admin_test, a_reload_keeps_placed_groups_for_placement_and_names_a_changed_cluster) {
  shared.placed.emplace_back().engine.name = "p";
  const auto followed = call("POST", "/admin/reload").parsed();
  EXPECT_EQ(followed.at("placed"), true);
  ASSERT_EQ(live.placed().size(), 1u);
  EXPECT_EQ(live.placed()[0].engine.name, "p");
  EXPECT_EQ(call("POST", "/admin/reload").parsed().at("placed"), false);
  shared.cluster.emplace();
  const auto named = call("POST", "/admin/reload").parsed();
  EXPECT_THAT(named.at("needs_start"), Contains("cluster"));
}

TEST_F(node_admin_test, a_call_that_waits_when_it_ends_is_503) {
  testing::handed<bool> asked;
  std::vector<caf::response_promise> kept;
  const auto silent = system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {[&, self](actors::get_models) {
      kept.push_back(self->make_response_promise());
      if (kept.size() == 1) asked.set(true);
      return kept.back();
    }};
  });
  const auto router = names.find(actors::router_name);
  names.put(actors::router_name, silent);
  blocking_client waiting{port};
  waiting.send("GET", "/admin/engines", "");
  EXPECT_TRUE(asked.get());
  names.put(actors::router_name, router);
  kill();
  const auto answer = waiting.receive();
  EXPECT_EQ(answer.status, 503U);
  EXPECT_THAT(answer.body, HasSubstr("being restarted"));
  EXPECT_EQ(waiting.get("/admin/engines").status, 200U);  // the connection stays
  caf::anon_send_exit(silent, caf::exit_reason::kill);
  caf::scoped_actor {
    system
    } -> wait_for(silent);
}

TEST_F(node_admin_test, a_removal_goes_on_after_it) {
  EXPECT_EQ(call("DELETE", "/admin/engines/a").status, 202U);
  kill();
  EXPECT_TRUE(until([&] { return engines().empty(); }));
  EXPECT_EQ(names.find("engine/a/proxy"), nullptr);
}

TEST_F(node_admin_test, a_signal_to_reload_reaches_whoever_is_there) {
  front.reload();
  EXPECT_TRUE(until([&] { return call("GET", "/admin/engines").status == 200 && rereads == 1; }));
  kill();
  spec.engines.clear();
  front.reload();
  EXPECT_TRUE(until([&] { return engines().empty(); }));
  EXPECT_EQ(rereads, 2);
}

TEST_F(node_admin_test, tells_of_itself_where_there_is_no_cluster) {
  const auto page = call("GET", "/admin/cluster").parsed();
  EXPECT_TRUE(page.at("cluster").is_null());
  EXPECT_EQ(page.at("nodes").size(), 1U);
  EXPECT_THAT(page.at("actors"), Contains("admin/api"));
}

TEST_F(node_admin_test, tells_of_the_nodes_that_membership_knows) {
  const auto membership = system.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](transport::get_members) {
      member_record back;
      back.node.id = {"back", 4};
      back.state = member_state::suspect;
      back.accuser = "front";
      return transport::member_status{{back}};
    }};
  });
  node_description self;
  self.id = {"front", 3};
  run_on(home(), [&] { look = cluster_look{"prod", self, {}, membership}; });
  const auto page = call("GET", "/admin/cluster").parsed();
  EXPECT_EQ(page.at("cluster"), "prod");
  EXPECT_EQ(page.at("node"), "front");
  EXPECT_EQ(page.at("nodes").at(1).at("name"), "back");
  EXPECT_EQ(page.at("nodes").at(1).at("suspected_by"), "front");
  caf::anon_send_exit(membership, caf::exit_reason::kill);
  caf::scoped_actor {
    system
    } -> wait_for(membership);
  EXPECT_EQ(call("GET", "/admin/cluster").status, 503U);
}

TEST_F(node_admin_test, serves_the_metrics_as_text) {
  const auto page = call("GET", "/metrics");
  EXPECT_EQ(page.body, "requests_total 3\n");
  EXPECT_THAT(page.headers.at("content-type"), HasSubstr("text/plain"));
}

// An engine whose start the actor did not live to see, and which failed.
TEST_F(node_admin_test, an_engine_that_was_never_started_is_forgotten) {
  run_on(home(), [&] { record.table.add(engine_called("lost")); });
  kill();
  EXPECT_TRUE(until([&] { return engines() == std::vector<std::string>{"a"}; }));
}

}  // namespace
}  // namespace troupe::apps
