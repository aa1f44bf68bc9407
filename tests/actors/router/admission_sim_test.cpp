// A crowded cluster in virtual time, driven by the shipped router core and admission: the bounds
// hold, nobody waits for nothing, the important go first, the modest are not starved.
#include <algorithm>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "actors/router/admission.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {
namespace {

constexpr std::uint32_t engines = 3;
constexpr std::uint32_t requests_max = 4;  // at each engine
constexpr double service_s = 0.5;          // mean: the cluster serves 24 requests a second
constexpr double horizon_s = 120;

time_point at(double seconds) {
  return time_point{} + std::chrono::nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
}

// Somebody who asks all the time.
struct source {
  std::string flow;
  double per_s = 0;
  std::int32_t priority = 0;
};

struct request {
  std::size_t source = 0;
  double asked_s = 0;
  double served_s = -1;
  bool refused = false;
  bool left = false;
  decision made;
};

struct event {
  double at_s = 0;
  std::uint64_t order = 0;
  enum class kind { arrive, finish, leave, look } what = kind::look;
  std::size_t subject = 0;

  bool operator>(const event& other) const {
    return std::tie(at_s, order) > std::tie(other.at_s, other.order);
  }
};

class crowd {
 public:
  crowd(std::vector<source> sources, std::uint32_t seed, config::admission_limits limits = {})
      : sources_{std::move(sources)},
        random_{seed},
        spec_{spec_of(limits)},
        core_{spec_},
        desk_{spec_, core_,
              [this](ticket id, admission_result result) { told(id, std::move(result)); }} {
    for (std::uint32_t e = 0; e < engines; ++e) {
      core_.add_engine(
          {.name = std::to_string(e), .models = {"m"}, .settings = {.requests_max = requests_max}});
    }
    for (std::size_t s = 0; s < sources_.size(); ++s) add(0, event::kind::arrive, s);
    add(0.05, event::kind::look);
  }

  // Runs until everybody has been served or turned away.
  void run() {
    while (!events_.empty()) {
      const auto next = events_.top();
      events_.pop();
      now_s_ = next.at_s;
      take(next);
      check();
    }
    for (const auto& r : requests) ASSERT_TRUE(r.served_s >= 0 || r.refused || r.left);
    EXPECT_EQ(core_.lease_count(), 0u);
    EXPECT_TRUE(desk_.queue().empty());
  }

  double wait_of(std::size_t source, double share) const {
    std::vector<double> waits;
    for (const auto& r : requests) {
      if (r.source == source && r.served_s >= 0) waits.push_back(r.served_s - r.asked_s);
    }
    std::sort(waits.begin(), waits.end());
    return waits.at(static_cast<std::size_t>(share * static_cast<double>(waits.size() - 1)));
  }

  std::size_t count(std::size_t source, bool refused) const {
    return static_cast<std::size_t>(
        std::count_if(requests.begin(), requests.end(), [&](const request& r) {
          return r.source == source && (refused ? r.refused : r.served_s >= 0);
        }));
  }

  std::vector<request> requests;
  double leave_chance = 0;

 private:
  static config::router_spec spec_of(const config::admission_limits& limits) {
    config::router_spec spec;
    spec.policy = config::routing_policy::least_loaded;
    spec.admission = limits;
    return spec;
  }

  void add(double at_s, event::kind what, std::size_t subject = 0) {
    events_.push({at_s, order_++, what, subject});
  }

  double chance(double mean) { return std::exponential_distribution<double>{1 / mean}(random_); }

  void take(const event& next) {
    switch (next.what) {
      case event::kind::arrive:
        return arrive(next.subject);
      case event::kind::finish:
        core_.finished(requests[next.subject].made.lease, {}, lease_outcome::completed, at(now_s_));
        return desk_.settle(at(now_s_));
      case event::kind::leave:
        if (desk_.withdraw(ticket{next.subject})) {
          requests[next.subject].left = true;
          waiting_.erase(next.subject);
        }
        return;
      case event::kind::look:
        desk_.settle(at(now_s_));
        if (now_s_ < horizon_s || !desk_.queue().empty()) add(now_s_ + 0.05, event::kind::look);
    }
  }

  void arrive(std::size_t from) {
    const auto& who = sources_[from];
    if (now_s_ < horizon_s) add(now_s_ + chance(1 / who.per_s), event::kind::arrive, from);
    const auto index = requests.size();
    requests.push_back({.source = from, .asked_s = now_s_, .made = {}});
    applicant asks;
    asks.facts.model = "m";
    asks.facts.prompt_bytes = 400;
    asks.facts.body_bytes = 500;
    asks.facts.max_tokens = 100;
    asks.facts.client = who.flow;
    asks.facts.session = std::to_string(random_());
    asks.facts.priority = who.priority;
    waiting_[index] = who.priority;
    auto result = desk_.submit(ticket{index}, std::move(asks), at(now_s_));
    if (result) told(ticket{index}, std::move(*result));
    if (std::uniform_real_distribution<>{}(random_) < leave_chance) {
      add(now_s_ + 0.2, event::kind::leave, index);
    }
  }

  void told(ticket id, admission_result result) {
    const auto index = static_cast<std::size_t>(id);
    waiting_.erase(index);
    auto& r = requests[index];
    if (auto* error = std::get_if<caf::error>(&result)) {
      EXPECT_EQ(failure_code(*error, errc::io_error), errc::too_many_requests);
      r.refused = true;
      return;
    }
    for (const auto& [other, priority] : waiting_) {
      EXPECT_GE(priority, sources_[r.source].priority) << "a more important request still waits";
    }
    r.served_s = now_s_;
    r.made = std::get<decision>(result);
    add(now_s_ + chance(service_s), event::kind::finish, index);
  }

  // What must hold after every step.
  void check() {
    std::uint32_t room = 0;
    for (std::uint32_t e = 0; e < engines; ++e) {
      const auto load = core_.load_of(engine_id{engines_max + e});
      ASSERT_LE(load, requests_max);
      room += requests_max - load;
    }
    ASSERT_TRUE(desk_.queue().empty() || room == 0) << "somebody waits for nothing";
    ASSERT_EQ(desk_.queue().size(), waiting_.size());
    ASSERT_LE(desk_.queue().size(), spec_.admission.requests_max);
  }

  std::vector<source> sources_;
  std::mt19937 random_;
  config::router_spec spec_;
  router_core core_;
  admission desk_;
  std::map<std::size_t, std::int32_t> waiting_;  // priorities by request
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  double now_s_ = 0;
};

class admission_sim : public testing::TestWithParam<std::uint32_t> {
 protected:
  admission_sim() : trace_{__FILE__, __LINE__, "seed " + std::to_string(GetParam())} {}

 private:
  testing::ScopedTrace trace_;
};

TEST_P(admission_sim, nobody_waits_where_there_is_room) {
  crowd sim{{{"a", 4}, {"b", 4}}, GetParam()};
  sim.run();
  EXPECT_LT(sim.wait_of(0, 0.9), 0.2);
  EXPECT_EQ(sim.count(0, true) + sim.count(1, true), 0u);
}

TEST_P(admission_sim, a_greedy_flow_does_not_starve_a_modest_one) {
  crowd sim{{{"greedy", 60}, {"modest", 4}}, GetParam()};
  sim.run();
  EXPECT_EQ(sim.count(1, true), 0u);
  EXPECT_LT(sim.wait_of(1, 0.99), 3);
  EXPECT_GT(sim.wait_of(0, 0.5), 10);   // it waits behind itself
  EXPECT_GT(sim.count(0, true), 100u);  // and what is overdue is told so
}

TEST_P(admission_sim, the_important_pass_and_the_others_get_what_is_left) {
  crowd sim{{{"batch", 40, 5}, {"chat", 10, 0}}, GetParam()};
  sim.run();
  EXPECT_EQ(sim.count(1, true), 0u);
  EXPECT_LT(sim.wait_of(1, 0.99), 1);
  EXPECT_GT(sim.count(0, false), 1'000u);  // 14 a second are left for them
}

TEST_P(admission_sim, a_short_queue_holds_its_bound_and_keeps_the_important) {
  config::admission_limits limits;
  limits.requests_max = 20;
  crowd sim{{{"batch", 60, 1}, {"chat", 10, 0}}, GetParam(), limits};
  sim.run();
  EXPECT_EQ(sim.count(1, true), 0u);
  EXPECT_GT(sim.count(0, true), 1'000u);
  EXPECT_LT(sim.wait_of(0, 1), 30);
}

TEST_P(admission_sim, a_greedy_flow_does_not_keep_a_modest_one_out_of_a_short_queue) {
  config::admission_limits limits;
  limits.requests_max = 20;
  crowd sim{{{"greedy", 60}, {"modest", 4}}, GetParam(), limits};
  sim.run();
  EXPECT_EQ(sim.count(1, true), 0u);
  EXPECT_LT(sim.wait_of(1, 0.99), 1);
  EXPECT_GT(sim.count(0, false), 2'000u);  // of 24 a second
}

TEST_P(admission_sim, clients_that_leave_take_nothing) {
  crowd sim{{{"a", 40}, {"b", 40}}, GetParam()};
  sim.leave_chance = 0.5;
  sim.run();
}

INSTANTIATE_TEST_SUITE_P(seeds, admission_sim, testing::Range(1U, 6U));

}  // namespace
}  // namespace troupe::actors
