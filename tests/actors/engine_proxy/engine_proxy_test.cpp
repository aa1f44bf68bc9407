#include "actors/engine_proxy/engine_proxy.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "actors/names.hpp"
#include "tests/actors/simulated_system.hpp"

namespace troupe::actors {
namespace {

using std::chrono::milliseconds;

// Keeps the last probe until the test answers it.
struct scripted_prober final : engine_prober {
  void probe(const transport::http::endpoint& at,
             std::function<void(const probe_report&)> done) override {
    ++probes;
    last = at;
    pending = std::move(done);
  }
  void answer(bool alive) {
    probe_report report;
    report.alive = alive;
    report.failure = errc::timeout;
    report.has_models = alive;
    if (alive) report.models = {{"m", R"({"id":"m"})"}};
    report.gauges.kv_tokens_max = 1000;
    report.gauges.running = 3;
    std::exchange(pending, nullptr)(report);
  }
  int probes = 0;
  transport::http::endpoint last;
  std::function<void(const probe_report&)> pending;
};

struct engine_proxy_test : testing::Test {
  engine_proxy_test() {
    names.put(router_name, (*system).spawn([this](router_actor::pointer) { return router(); }));
  }

  ~engine_proxy_test() override {
    caf::anon_send_exit(proxy, caf::exit_reason::user_shutdown);
    names.erase(router_name);
    prober->pending = nullptr;
    system.run();
  }

  router_actor::behavior_type router() {
    return {
        [](const route_request&) -> caf::result<engine_lease> { return engine_lease{}; },
        [](const first_token_came&) {},
        [this](const request_ended& message) { ended.push_back(message); },
        [this](const engine_report& report, const engine_proxy_actor&) {
          reports.push_back(report);
        },
        [](get_models) { return model_listing{}; },
        [](maintain_tick) {},
        [](withdraw_request) {},
        [](settle_tick) {},
        [](const reconfigure_router&) {},
    };
  }

  void spawn(std::optional<engine_address> address) {
    engine_proxy_options options;
    options.engine = "e0";
    options.address = std::move(address);
    options.prober = prober;
    options.names = &names;
    proxy = spawn_engine_proxy(*system, std::move(options));
    system.run();
  }

  // Asks for a lease; returns the error's code, or nothing where it was granted.
  std::optional<errc> refused() {
    decision choice;
    choice.lease = lease_id{7};
    std::optional<errc> code;
    bool granted = false;
    (*system).spawn([&, target = proxy](caf::event_based_actor* self) {
      self->send(target, grant_request{1, choice});
      self->become([&, self](const engine_lease& lease) {
        granted = lease.port == 9000;
        self->quit();
      });
      self->set_error_handler([&, self](caf::error& error) {
        code = failure_code(error, errc::io_error);
        self->quit();
      });
    });
    system.run();
    EXPECT_NE(granted, code.has_value());
    return code;
  }

  simulated_system system;
  registry names;
  std::shared_ptr<scripted_prober> prober = std::make_shared<scripted_prober>();
  engine_proxy_actor proxy;
  std::vector<engine_report> reports;
  std::vector<request_ended> ended;
};

TEST_F(engine_proxy_test, reports_an_engine_that_came_up) {
  spawn(engine_address{"127.0.0.1", 9000});
  system.advance(milliseconds{1});
  ASSERT_EQ(prober->probes, 1);
  EXPECT_EQ(prober->last.port, 9000);
  EXPECT_FALSE(reports.back().up);
  prober->answer(true);
  system.run();
  EXPECT_TRUE(reports.back().up);
  EXPECT_EQ(reports.back().models.front().id, "m");
  EXPECT_EQ(reports.back().kv_tokens_max, 1000U);
  EXPECT_EQ(reports.back().running, 3U);
  EXPECT_EQ(refused(), std::nullopt);
}

TEST_F(engine_proxy_test, refuses_and_gives_the_lease_back_while_it_is_not_up) {
  spawn(engine_address{"127.0.0.1", 9000});
  EXPECT_EQ(refused(), errc::connect_failed);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].lease, lease_id{7});
  EXPECT_EQ(ended[0].outcome, lease_outcome::failed);
}

TEST_F(engine_proxy_test, a_failed_attempt_holds_it_back_until_the_probe) {
  spawn(engine_address{"127.0.0.1", 9000});
  system.advance(milliseconds{1});
  prober->answer(true);
  system.run();
  caf::anon_send(proxy, attempt_failed{static_cast<std::uint8_t>(errc::connection_lost)});
  system.run();
  EXPECT_FALSE(reports.back().up);
  system.advance(milliseconds{1});
  EXPECT_EQ(prober->probes, 2);
  prober->answer(true);
  system.run();
  EXPECT_TRUE(reports.back().up);
}

TEST_F(engine_proxy_test, follows_its_process_through_a_restart) {
  spawn(std::nullopt);
  system.advance(milliseconds{5000});
  EXPECT_EQ(prober->probes, 0);
  caf::anon_send(proxy, engine_address{"127.0.0.1", 9000});
  system.run();
  system.advance(milliseconds{1});
  prober->answer(true);
  system.run();
  EXPECT_TRUE(reports.back().up);
  caf::anon_send(proxy, engine_address{});
  system.run();
  EXPECT_FALSE(reports.back().up);
  EXPECT_TRUE(reports.back().died);
  EXPECT_EQ(refused(), errc::connect_failed);
  caf::anon_send(proxy, engine_address{"127.0.0.1", 9001});
  system.run();
  system.advance(milliseconds{1});
  EXPECT_EQ(prober->last.port, 9001);
  EXPECT_FALSE(reports.back().died);
}

TEST_F(engine_proxy_test, a_late_answer_of_the_old_process_counts_for_nothing) {
  spawn(std::nullopt);
  caf::anon_send(proxy, engine_address{"127.0.0.1", 9000});
  system.run();
  system.advance(milliseconds{1});
  auto late = std::exchange(prober->pending, nullptr);
  caf::anon_send(proxy, engine_address{"127.0.0.1", 9001});
  system.run();
  probe_report good;
  good.alive = good.has_models = true;
  late(good);
  late = nullptr;
  system.run();
  EXPECT_FALSE(reports.back().up);
}

TEST_F(engine_proxy_test, a_new_router_is_told) {
  spawn(engine_address{"127.0.0.1", 9000});
  auto before = reports.size();
  caf::anon_send(proxy, report_to_router{});
  system.run();
  EXPECT_EQ(reports.size(), before + 1);
}

TEST_F(engine_proxy_test, new_settings_are_reported_at_once_and_kept) {
  spawn(engine_address{"127.0.0.1", 9000});
  EXPECT_EQ(reports.back().settings.weight, 1U);
  caf::anon_send(proxy, engine_settings{.weight = 4, .requests_max = 7, .draining = true});
  system.run();
  caf::anon_send(proxy, report_to_router{});
  system.run();
  EXPECT_EQ(reports.back().settings.weight, 4U);
  EXPECT_EQ(reports.back().settings.requests_max, 7U);
  EXPECT_TRUE(reports.back().settings.draining);
}

TEST_F(engine_proxy_test, an_engine_that_stops_answering_goes_down) {
  spawn(engine_address{"127.0.0.1", 9000});
  system.advance(milliseconds{1});
  prober->answer(true);
  system.run();
  for (int i = 0; i < 2; ++i) {
    system.advance(milliseconds{1000});
    ASSERT_TRUE(prober->pending);
    prober->answer(false);
    system.run();
  }
  EXPECT_FALSE(reports.back().up);
  EXPECT_FALSE(reports.back().died);
}

}  // namespace
}  // namespace troupe::actors
