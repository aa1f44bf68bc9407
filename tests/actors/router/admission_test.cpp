// Requests pass straight through while there is room, wait while there is none, and leave in order.
#include "actors/router/admission.hpp"

#include <map>

#include <gtest/gtest.h>

#include "runtime/errc.hpp"

namespace troupe::actors {
namespace {

using namespace std::chrono_literals;

class admission_test : public testing::Test {
 protected:
  admission_test() { start({}); }

  void start(config::admission_limits limits, std::uint32_t requests_max = 1) {
    config::router_spec spec;
    spec.admission = limits;
    core.emplace(spec);
    told.clear();
    desk.emplace(spec, *core, [this](ticket id, admission_result result) {
      told.emplace(static_cast<int>(id), std::move(result));
    });
    for (int e = 0; e < 2; ++e) ids[e] = *core->add_engine(engine(e, requests_max));
  }

  static engine_config engine(int number, std::uint32_t requests_max) {
    return {.name = "e" + std::to_string(number),
            .models = {"m"},
            .settings = {.requests_max = requests_max}};
  }

  static applicant who(std::string session = {}, std::int32_t priority = 0) {
    applicant made;
    made.facts = {.model = "m",
                  .chain = {},
                  .prompt_bytes = 400,
                  .cache_salt = {},
                  .session = std::move(session)};
    made.facts.stream = true;
    made.facts.priority = priority;
    made.facts.body_bytes = 500;
    return made;
  }

  // Submits a request and keeps its lease where it got one at once.
  bool submit(int number, applicant request = who()) {
    auto result = desk->submit(static_cast<ticket>(number), std::move(request), now);
    if (result) told.emplace(number, std::move(*result));
    return result.has_value();
  }

  void end(int number, lease_outcome how = lease_outcome::completed) {
    const auto lease = std::get<decision>(told.at(number)).lease;
    core->finished(lease, {}, how, now);
    desk->settle(now);
  }

  bool has_engine(int number) const {
    const auto found = told.find(number);
    return found != told.end() && std::holds_alternative<decision>(found->second);
  }

  const caf::error& error(int number) { return std::get<caf::error>(told.at(number)); }
  errc code(int number) { return failure_code(error(number), errc::io_error); }

  std::optional<router_core> core;
  std::optional<admission> desk;
  std::map<int, engine_id> ids;
  std::map<int, admission_result> told;
  time_point now = time_point{} + 1h;
};

TEST_F(admission_test, passes_straight_through_while_there_is_room) {
  EXPECT_TRUE(submit(1));
  EXPECT_TRUE(submit(2));
  EXPECT_TRUE(desk->queue().empty());
  EXPECT_FALSE(submit(3));
  EXPECT_EQ(desk->queue().size(), 1u);
  EXPECT_EQ(desk->queue().bytes(), 500u);
}

TEST_F(admission_test, a_lease_that_ends_makes_room_at_once) {
  submit(1);
  submit(2);
  submit(3);
  submit(4);
  end(2);
  EXPECT_TRUE(has_engine(3));
  EXPECT_FALSE(has_engine(4));
  EXPECT_EQ(std::get<decision>(told.at(3)).engine, std::get<decision>(told.at(2)).engine);
  end(1);
  EXPECT_TRUE(has_engine(4));
}

TEST_F(admission_test, nobody_overtakes_but_the_more_important) {
  for (int i = 1; i <= 3; ++i) submit(i);
  submit(4, who("", -1));
  end(1);
  EXPECT_TRUE(has_engine(4));
  // Room appears unnoticed: a newcomer settles the queue and still is behind.
  core->finished(std::get<decision>(told.at(2)).lease, {}, lease_outcome::completed, now);
  EXPECT_FALSE(submit(5));
  EXPECT_TRUE(has_engine(3));
  core->finished(std::get<decision>(told.at(4)).lease, {}, lease_outcome::completed, now);
  EXPECT_TRUE(submit(6, who("", -1)));
  EXPECT_TRUE(has_engine(6));
  EXPECT_FALSE(has_engine(5));
}

TEST_F(admission_test, an_engine_s_own_refusal_holds_it_back_until_a_lease_ends_there) {
  start({}, 0);
  submit(1);
  submit(2);
  submit(3);
  end(1, lease_outcome::refused);
  end(2, lease_outcome::refused);
  EXPECT_FALSE(submit(4));  // both said they are full
  end(3);                   // one of them takes again
  EXPECT_TRUE(has_engine(4));
  EXPECT_EQ(std::get<decision>(told.at(4)).engine, std::get<decision>(told.at(3)).engine);
}

TEST_F(admission_test, an_engine_that_is_idle_and_says_it_is_full_is_asked_again_in_a_while) {
  start({}, 0);
  for (const int i : {1, 2}) submit(i);
  for (const int i : {1, 2}) end(i, lease_outcome::refused);
  EXPECT_FALSE(submit(3));
  now += 99ms;
  desk->settle(now);
  EXPECT_FALSE(has_engine(3));
  now += 1ms;
  desk->settle(now);
  EXPECT_TRUE(has_engine(3));
  end(3, lease_outcome::refused);
  EXPECT_TRUE(submit(4));  // the other one
  end(4, lease_outcome::refused);
  EXPECT_FALSE(submit(5));
  now += 199ms;  // longer each time
  desk->settle(now);
  EXPECT_FALSE(has_engine(5));
  now += 1ms;
  desk->settle(now);
  EXPECT_TRUE(has_engine(5));
}

TEST_F(admission_test, prefill_that_waits_is_a_bound_of_its_own) {
  config::admission_limits limits;
  limits.prefill_tokens_max = 150;
  start(limits, 0);
  for (int i = 1; i <= 4; ++i) EXPECT_TRUE(submit(i)) << i;  // 100 tokens each, two at each
  EXPECT_FALSE(submit(5));
  core->first_token(std::get<decision>(told.at(1)).lease, 10ms, now);
  desk->settle(now);
  EXPECT_TRUE(has_engine(5));
}

TEST_F(admission_test, whole_answers_do_not_count_as_prefill_for_ever) {
  config::admission_limits limits;
  limits.prefill_tokens_max = 150;
  start(limits, 0);
  auto whole = who();
  whole.facts.stream = false;
  for (int i = 1; i <= 4; ++i) EXPECT_TRUE(submit(i, whole));
  EXPECT_FALSE(submit(5, whole));
  now += 1s;  // by the estimate they are long computed
  desk->settle(now);
  EXPECT_TRUE(has_engine(5));
}

TEST_F(admission_test, past_the_deadline_it_is_429_with_the_seconds_to_wait) {
  for (int i = 1; i <= 2; ++i) submit(i);
  auto late = who();
  late.waited = 29s;
  submit(3);
  submit(4, late);
  now += 1s;
  desk->settle(now);
  EXPECT_EQ(code(4), errc::too_many_requests);
  EXPECT_EQ(retry_after_s(error(4)), 60u);
  EXPECT_FALSE(told.contains(3));
  now += 29s;
  desk->settle(now);
  EXPECT_EQ(code(3), errc::too_many_requests);
  late.waited = 30s;
  EXPECT_TRUE(submit(5, late));
  EXPECT_EQ(code(5), errc::too_many_requests);
}

TEST_F(admission_test, past_the_bound_it_is_429_for_the_least_important) {
  config::admission_limits limits;
  limits.requests_max = 2;
  start(limits);
  for (int i = 1; i <= 4; ++i) submit(i);
  EXPECT_TRUE(submit(5));
  EXPECT_EQ(code(5), errc::too_many_requests);
  EXPECT_FALSE(submit(6, who("", -1)));
  EXPECT_EQ(code(4), errc::too_many_requests);
  EXPECT_EQ(desk->queue().size(), 2u);
}

TEST_F(admission_test, keys_share_whatever_sessions_they_name) {
  const auto of = [](const char* key, const char* session) {
    auto made = who(session);
    made.facts.client = key;
    return made;
  };
  for (int i = 1; i <= 2; ++i) submit(i);
  submit(3, of("greedy", "a"));
  submit(4, of("greedy", "b"));
  submit(5, of("greedy", "c"));
  submit(6, of("modest", "a"));
  end(1);
  EXPECT_TRUE(has_engine(3));
  end(2);
  EXPECT_TRUE(has_engine(6));  // not behind the backlog of the other key
  EXPECT_FALSE(has_engine(4));
}

TEST_F(admission_test, a_key_that_fills_the_queue_gives_way_to_another) {
  config::admission_limits limits;
  limits.requests_max = 3;
  start(limits);
  auto greedy = who(), modest = who();
  greedy.facts.client = "greedy";
  modest.facts.client = "modest";
  for (int i = 1; i <= 5; ++i) submit(i, greedy);
  EXPECT_TRUE(submit(6, greedy));
  EXPECT_EQ(code(6), errc::too_many_requests);
  EXPECT_FALSE(submit(7, modest));
  EXPECT_EQ(code(5), errc::too_many_requests);
  EXPECT_EQ(desk->queue().size(), 3U);
  end(1);
  end(2);
  EXPECT_TRUE(has_engine(3) && has_engine(7));
}

TEST_F(admission_test, it_is_503_only_where_no_engine_is_up) {
  for (int i = 1; i <= 3; ++i) submit(i);
  core->set_state(ids[0], engine_state::down);
  desk->settle(now);
  EXPECT_FALSE(told.contains(3));
  core->set_state(ids[1], engine_state::draining);
  desk->settle(now);
  EXPECT_EQ(code(3), errc::no_engine);
  EXPECT_TRUE(submit(4));
  EXPECT_EQ(code(4), errc::no_engine);
}

TEST_F(admission_test, a_repeated_request_waits_for_engines_that_have_not_failed_it) {
  for (int i = 1; i <= 2; ++i) submit(i);
  const auto busy = std::get<decision>(told.at(1)).engine;
  auto again = who();
  again.excluded = {busy};
  submit(3, again);
  submit(4);
  end(1);  // room at the one that failed it: the next one in line takes that
  EXPECT_FALSE(has_engine(3));
  EXPECT_TRUE(has_engine(4));
  end(2);
  EXPECT_TRUE(has_engine(3));
}

TEST_F(admission_test, who_leaves_is_not_served) {
  for (int i = 1; i <= 4; ++i) submit(i);
  EXPECT_TRUE(desk->withdraw(ticket{3}));
  EXPECT_FALSE(desk->withdraw(ticket{3}));
  end(1);
  EXPECT_TRUE(has_engine(4));
  EXPECT_FALSE(told.contains(3));
}

TEST_F(admission_test, without_a_queue_engines_get_all_that_comes) {
  config::admission_limits limits;
  limits.requests_max = 0;
  start(limits);
  for (int i = 1; i <= 20; ++i) EXPECT_TRUE(submit(i));
  for (int i = 1; i <= 20; ++i) EXPECT_TRUE(has_engine(i));
}

}  // namespace
}  // namespace troupe::actors
