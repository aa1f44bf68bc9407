#include "transport/links/pending_requests.hpp"

#include "tests/runtime/worlds.hpp"

namespace troupe::testing {
namespace {

using transport::pending_requests;

struct pending_requests_test : ::testing::Test {
  static caf::message_id request(std::uint64_t number) { return caf::make_message_id(number); }

  caf::strong_actor_ptr actor() {
    return caf::actor_cast<caf::strong_actor_ptr>(
        world.system.spawn([]() -> caf::behavior { return {[](std::int32_t) {}}; }));
  }

  sim_world world;
  int peer = 0, other = 0;
};

TEST_F(pending_requests_test, an_answer_is_matched_by_asker_and_number) {
  pending_requests pending;
  const auto a = actor(), b = actor();
  pending.add(a, request(1), &peer);
  pending.add(b, request(1), &peer);
  pending.answered(a, request(1).response_id());
  const auto left = pending.take(&peer);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].asker, b);
  EXPECT_EQ(pending.size(), 0u);
}

TEST_F(pending_requests_test, only_those_of_the_peer_are_taken) {
  pending_requests pending;
  const auto a = actor();
  pending.add(a, request(1), &peer);
  pending.add(a, request(2), &other);
  EXPECT_EQ(pending.take(&peer).size(), 1u);
  EXPECT_EQ(pending.size(), 1u);
}

TEST_F(pending_requests_test, the_oldest_are_forgotten_at_the_bound) {
  pending_requests pending{3};
  const auto a = actor();
  for (std::uint64_t i = 1; i <= 5; ++i) pending.add(a, request(i), &peer);
  EXPECT_EQ(pending.size(), 3u);
  for (const auto& each : pending.take(&peer)) EXPECT_GE(each.id.integer_value() & 0xff, 3u);
}

TEST_F(pending_requests_test, one_that_waits_long_does_not_keep_the_answered) {
  pending_requests pending;
  const auto a = actor();
  pending.add(a, request(1), &peer);
  for (std::uint64_t i = 2; i < 10'000; ++i) {
    pending.add(a, request(i), &peer);
    pending.answered(a, request(i).response_id());
  }
  EXPECT_EQ(pending.size(), 1u);
  EXPECT_LE(pending.remembered(), 1'100u);
}

}  // namespace
}  // namespace troupe::testing
