// What a router keeps of engines, and which leases it gives out itself.
#include "actors/router/known_engines.hpp"

#include <gtest/gtest.h>

#include <prometheus/registry.h>

#include "tests/actors/simulated_system.hpp"

namespace troupe::actors {
namespace {

struct known_engines_test : ::testing::Test {
  ~known_engines_test() override {
    caf::anon_send_exit(proxy, caf::exit_reason::user_shutdown);
    system.run();
  }

  // A node that is not the one whose actors the test's are.
  static caf::node_id another_node() {
    caf::node_id::default_data::host_id_type host{};
    host[0] = 1;
    return caf::make_node_id(1, host);
  }

  static engine_report report(std::uint16_t port) {
    engine_report message;
    message.name = "e";
    message.up = true;
    message.models = {{"m", R"({"id":"m"})"}};
    message.host = "10.0.0.7";
    message.port = port;
    return message;
  }

  // Takes a report of an engine at `port`, and returns the lease of a choice of it.
  std::optional<engine_lease> lease(known_engines& engines, std::uint16_t port) {
    auto message = report(port);
    EXPECT_TRUE(engines.take(message, proxy));
    prompt_facts facts;
    facts.model = "m";
    const auto choice = core.route(facts, {}, system.now());
    EXPECT_TRUE(choice);
    return choice ? engines.lease_of(*choice, 3) : std::nullopt;
  }

  errc refusal(const std::string& model) {
    prompt_facts facts;
    facts.model = model;
    const auto made = core.route(facts, {}, system.now());
    EXPECT_FALSE(made);
    return failure_code(made.error(), errc::io_error);
  }

  simulated_system system;
  router_core core{config::router_spec{}};
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  router_metrics metrics{*registry};
  engine_proxy_actor proxy = caf::actor_cast<engine_proxy_actor>(
      (*system).spawn([]() -> caf::behavior { return {[](report_to_router) {}}; }));
};

TEST_F(known_engines_test, a_proxy_of_this_node_is_asked_for_leases) {
  known_engines engines{core, metrics, proxy.node()};
  EXPECT_FALSE(lease(engines, 8001));
}

TEST_F(known_engines_test, the_lease_of_an_engine_elsewhere_is_what_its_proxy_said) {
  known_engines engines{core, metrics, another_node()};
  const auto given = lease(engines, 8001);
  ASSERT_TRUE(given);
  EXPECT_EQ(given->engine_name, "e");
  EXPECT_EQ(given->host, "10.0.0.7");
  EXPECT_EQ(given->port, 8001);
  EXPECT_EQ(given->epoch, 3u);
}

TEST_F(known_engines_test, the_core_is_told_which_engines_share_a_node) {
  known_engines here{core, metrics, proxy.node()}, elsewhere{core, metrics, another_node()};
  std::vector<std::uint64_t> nodes;
  for (auto* engines : {&here, &elsewhere, &elsewhere}) {
    auto message = report(1);
    message.name = "e" + std::to_string(nodes.size());
    message.models = {{message.name, "{}"}};
    engines->take(message, proxy);
    prompt_facts facts;
    facts.model = "e" + std::to_string(nodes.size());
    nodes.push_back(core.engine(core.route(facts, {}, system.now())->engine)->node);
  }
  EXPECT_EQ(nodes[0], home_node);
  EXPECT_NE(nodes[1], home_node);
  EXPECT_EQ(nodes[2], nodes[1]);
}

TEST_F(known_engines_test, without_an_address_a_proxy_elsewhere_is_asked_too) {
  known_engines engines{core, metrics, another_node()};
  EXPECT_FALSE(lease(engines, 0));
}

TEST_F(known_engines_test, a_report_of_another_proxy_is_that_of_a_new_one) {
  known_engines engines{core, metrics, proxy.node()};
  auto message = report(1);
  EXPECT_TRUE(engines.take(message, proxy));
  message = report(1);
  EXPECT_FALSE(engines.take(message, proxy));
  EXPECT_EQ(engines.name_of(proxy.address()), "e");
  EXPECT_EQ(engines.proxy_of("e"), proxy);
}

TEST_F(known_engines_test, an_engine_whose_node_died_is_listed_as_down_until_it_is_forgotten) {
  known_engines engines{core, metrics, proxy.node()};
  auto message = report(1);
  engines.take(message, proxy);
  engines.end("e", caf::exit_reason::remote_link_unreachable, system.now());
  ASSERT_EQ(engines.list().engines.size(), 1u);
  EXPECT_FALSE(engines.list().engines[0].up);
  EXPECT_TRUE(engines.list().models.empty());
  engines.forget_away(system.now() + std::chrono::minutes{9});
  EXPECT_EQ(engines.list().engines.size(), 1u);
  engines.forget_away(system.now() + std::chrono::minutes{11});
  EXPECT_TRUE(engines.list().engines.empty());
}

// Which is no failure that a list or a metric should show.
TEST_F(known_engines_test, of_an_engine_that_left_with_its_node_the_models_are_known_for_a_while) {
  known_engines engines{core, metrics, proxy.node()};
  auto message = report(1);
  message.settings.node_leaves = true;
  engines.take(message, proxy);
  EXPECT_EQ(engines.list().engines.size(), 1u);
  engines.end("e", caf::exit_reason::user_shutdown, system.now());
  EXPECT_TRUE(engines.list().engines.empty());
  EXPECT_TRUE(engines.list().models.empty());
  EXPECT_EQ(refusal("m"), errc::no_engine);
  engines.forget_away(system.now() + std::chrono::minutes{9});
  EXPECT_EQ(refusal("m"), errc::no_engine);
  engines.forget_away(system.now() + std::chrono::minutes{11});
  EXPECT_EQ(refusal("m"), errc::unknown_model);
}

TEST_F(known_engines_test, one_that_left_before_it_said_its_models_is_forgotten) {
  known_engines engines{core, metrics, proxy.node()};
  auto message = report(1);
  message.up = false;
  message.models.clear();
  message.settings.node_leaves = true;
  engines.take(message, proxy);
  EXPECT_TRUE(engines.is_starting());
  engines.end("e", caf::exit_reason::user_shutdown, system.now());
  EXPECT_FALSE(engines.is_starting());
}

// Which may have begun to leave again before it was up.
TEST_F(known_engines_test, one_that_starts_again_is_known_for_what_it_served) {
  known_engines engines{core, metrics, proxy.node()};
  auto message = report(1);
  engines.take(message, proxy);
  for (const bool leaves : {false, true}) {
    message = report(0);
    message.up = false;
    message.models.clear();
    message.settings.node_leaves = leaves;
    engines.take(message, proxy);
    EXPECT_EQ(refusal("m"), errc::no_engine);
    EXPECT_TRUE(engines.is_starting()) << "it may serve something else now";
  }
  engines.end("e", caf::exit_reason::user_shutdown, system.now());
  EXPECT_EQ(refusal("m"), errc::no_engine);
  EXPECT_FALSE(engines.is_starting());
}

TEST_F(known_engines_test, where_there_is_no_place_left_the_longest_away_gives_way) {
  known_engines engines{core, metrics, proxy.node()};
  for (std::uint32_t i = 0; i < engines_max; ++i) {
    auto message = report(1);
    message.name = "e" + std::to_string(i);
    message.models = {{"m" + std::to_string(i), "{}"}};
    engines.take(message, proxy);
  }
  auto newcomer = report(1);
  EXPECT_FALSE(engines.take(newcomer, proxy)) << "all are there";
  const auto lost = caf::exit_reason::remote_link_unreachable;
  engines.end("e8", lost, system.now());
  engines.end("e7", lost, system.now() + std::chrono::seconds{1});
  newcomer = report(1);
  EXPECT_TRUE(engines.take(newcomer, proxy));
  EXPECT_EQ(refusal("m8"), errc::unknown_model);
  EXPECT_EQ(refusal("m7"), errc::no_engine);
}

}  // namespace
}  // namespace troupe::actors
