#include "actors/stream/retry_policy.hpp"

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

TEST(retry_policy, a_refused_connection_goes_elsewhere) {
  retry_policy policy{3};
  EXPECT_EQ(policy.begin_attempt(4), 1U);
  EXPECT_EQ(policy.attempt_failed(errc::connect_failed, 0), verdict::retry);
  EXPECT_EQ(policy.begin_attempt(7), 2U);
  EXPECT_EQ(policy.tried(), (std::vector<std::uint32_t>{4, 7}));
}

TEST(retry_policy, an_engine_that_was_full_may_be_asked_again) {
  retry_policy policy{1};
  EXPECT_EQ(policy.begin_attempt(4), 1U);
  policy.attempt_refused();
  EXPECT_TRUE(policy.tried().empty());
  EXPECT_EQ(policy.begin_attempt(4), 2U);
  EXPECT_EQ(policy.attempts(), 2U);
  EXPECT_EQ(policy.attempt_failed(errc::connection_lost, 0), verdict::give_up);
}

TEST(retry_policy, refused_leases_are_bounded_apart_from_attempts) {
  retry_policy policy{3};
  for (std::size_t i = 1; i < retry_policy::refused_leases_max; ++i) {
    EXPECT_EQ(policy.lease_refused(), verdict::retry);
  }
  EXPECT_EQ(policy.begin_attempt(4), 1U);
  EXPECT_EQ(policy.attempt_failed(errc::connect_failed, 0), verdict::retry);
  EXPECT_EQ(policy.lease_refused(), verdict::give_up);
  EXPECT_EQ(policy.final_code(), errc::no_engine);
  EXPECT_NE(policy.final_text().find("100 times"), std::string::npos);
}

TEST(retry_policy, attempts_are_bounded) {
  retry_policy policy{3};
  for (std::uint32_t engine = 0; engine < 2; ++engine) {
    policy.begin_attempt(engine);
    EXPECT_EQ(policy.attempt_failed(errc::connect_failed, 0), verdict::retry);
  }
  policy.begin_attempt(2);
  EXPECT_EQ(policy.attempt_failed(errc::connect_failed, 0), verdict::give_up);
  EXPECT_EQ(policy.final_code(), errc::no_engine);
  EXPECT_NE(policy.final_text().find("3 engines"), std::string::npos);
}

TEST(retry_policy, an_engine_that_was_reached_is_named_by_its_own_failure) {
  retry_policy policy{2};
  policy.begin_attempt(0);
  EXPECT_EQ(policy.attempt_failed(errc::connection_lost, 0), verdict::retry);
  policy.begin_attempt(1);
  EXPECT_EQ(policy.attempt_failed(errc::connect_failed, 0), verdict::give_up);
  EXPECT_EQ(policy.final_code(), errc::connect_failed);
}

TEST(retry_policy, a_request_that_lost_two_engines_is_quarantined) {
  retry_policy policy{10};
  policy.begin_attempt(0);
  EXPECT_EQ(policy.attempt_failed(errc::connection_lost, 0), verdict::retry);
  policy.begin_attempt(1);
  EXPECT_EQ(policy.attempt_failed(errc::timeout, 0), verdict::give_up);
  EXPECT_NE(policy.final_text().find("quarantined"), std::string::npos);
}

TEST(retry_policy, refused_connections_do_not_count_as_lost_engines) {
  retry_policy policy{10};
  for (std::uint32_t engine = 0; engine < 5; ++engine) {
    policy.begin_attempt(engine);
    EXPECT_EQ(policy.attempt_failed(errc::connect_failed, 0), verdict::retry);
  }
}

TEST(retry_policy, nothing_is_retried_once_bytes_have_gone_out) {
  retry_policy policy{3};
  policy.begin_attempt(0);
  EXPECT_EQ(policy.attempt_failed(errc::connection_lost, 1), verdict::end_stream);
}

TEST(retry_policy, what_no_other_engine_would_do_better_is_not_retried) {
  for (auto code : {errc::invalid_request, errc::payload_too_large, errc::cancelled}) {
    retry_policy policy{3};
    policy.begin_attempt(0);
    EXPECT_EQ(policy.attempt_failed(code, 0), verdict::give_up) << to_string(code);
  }
}

TEST(retry_policy, a_full_engine_sends_the_request_elsewhere) {
  retry_policy policy{2};
  policy.begin_attempt(0);
  EXPECT_EQ(policy.attempt_failed(errc::overloaded, 0), verdict::retry);
  policy.begin_attempt(1);
  EXPECT_EQ(policy.attempt_failed(errc::overloaded, 0), verdict::give_up);
  EXPECT_EQ(policy.final_code(), errc::overloaded);
}

}  // namespace
}  // namespace troupe::actors
