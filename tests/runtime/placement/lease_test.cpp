// Leases: taken, renewed, left, run out, raced for, on both stores.
#include "runtime/placement/lease.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/errc.hpp"
#include "runtime/placement/file_lease.hpp"
#include "runtime/placement/memory_lease.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

// A folder of the test's own.
class scratch {
 public:
  scratch() { std::filesystem::create_directories(folder_); }
  ~scratch() { std::filesystem::remove_all(folder_); }
  std::string file() const { return folder_ + "/lease"; }

 private:
  const std::string folder_ = testing::TempDir() + "troupe_lease_" +
                              std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
                              testing::UnitTest::GetInstance()->current_test_info()->name();
};

class lease_stores : public testing::TestWithParam<bool> {
 protected:
  lease_stores() {
    if (GetParam()) {
      store_ = std::make_unique<file_lease>(folder_.file());
    } else {
      store_ = std::make_unique<memory_lease>();
    }
  }

  lease_candidate candidate(const std::string& name) {
    return {*store_, {name, 1s}, [this] { return now_; }};
  }

  time_point now_{1h};
  scratch folder_;
  std::unique_ptr<lease_store> store_;
};

INSTANTIATE_TEST_SUITE_P(lease, lease_stores, testing::Bool(),
                         [](const auto& info) { return info.param ? "file" : "memory"; });

TEST_P(lease_stores, one_holds_it_and_the_other_waits) {
  auto a = candidate("a#1"), b = candidate("b#1");
  EXPECT_EQ(a.acquire(), lease_state::held);
  EXPECT_EQ(b.acquire(), lease_state::taken);
  EXPECT_TRUE(a.holds());
  EXPECT_FALSE(b.holds());
  EXPECT_EQ(a.epoch(), 1u);
  EXPECT_EQ(b.renew(), lease_state::taken);
}

TEST_P(lease_stores, renewing_keeps_the_epoch_and_the_others_out) {
  auto a = candidate("a#1"), b = candidate("b#1");
  EXPECT_EQ(a.acquire(), lease_state::held);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(b.acquire(), lease_state::taken);
    now_ += 900ms;
    EXPECT_EQ(i % 2 == 0 ? a.renew() : a.acquire(), lease_state::held);
  }
  EXPECT_EQ(a.epoch(), 1u);
}

TEST_P(lease_stores, who_stands_still_is_followed_under_a_new_epoch) {
  auto a = candidate("a#1"), b = candidate("b#1");
  EXPECT_EQ(a.acquire(), lease_state::held);
  EXPECT_EQ(b.acquire(), lease_state::taken);
  now_ += 1s;
  EXPECT_FALSE(a.holds());
  EXPECT_EQ(b.acquire(), lease_state::taken) << "a's clock may be slower";
  now_ += 250ms;
  EXPECT_EQ(b.acquire(), lease_state::held);
  EXPECT_EQ(b.epoch(), 2u);
  EXPECT_EQ(a.renew(), lease_state::taken);
  EXPECT_EQ(a.epoch(), 1u);
}

TEST_P(lease_stores, leaving_lets_the_next_one_in_at_once) {
  auto a = candidate("a#1"), b = candidate("b#1");
  EXPECT_EQ(a.acquire(), lease_state::held);
  EXPECT_EQ(b.release(), caf::error{}) << "it has nothing";
  EXPECT_TRUE(a.holds());
  EXPECT_EQ(a.release(), caf::error{});
  EXPECT_FALSE(a.holds());
  EXPECT_EQ(b.acquire(), lease_state::held);
  EXPECT_EQ(b.epoch(), 2u);
  EXPECT_EQ(a.release(), caf::error{}) << "it ends nobody else's tenure";
  EXPECT_TRUE(b.holds());
  EXPECT_EQ(b.renew(), lease_state::held);
}

TEST_P(lease_stores, ones_own_lease_may_be_taken_again_when_it_ran_out) {
  auto a = candidate("a#1");
  EXPECT_EQ(a.acquire(), lease_state::held);
  now_ += 1s;
  EXPECT_EQ(a.renew(), lease_state::taken);
  EXPECT_EQ(a.acquire(), lease_state::held);
  EXPECT_EQ(a.epoch(), 2u);
}

TEST_P(lease_stores, of_two_that_race_one_wins) {
  for (int round = 1; round <= 50; ++round) {
    auto a = candidate("a#" + std::to_string(round)), b = candidate("b#" + std::to_string(round));
    caf::expected<lease_state> first{lease_state::taken}, second{lease_state::taken};
    {
      std::jthread one{[&] { first = a.acquire(); }};
      std::jthread two{[&] { second = b.acquire(); }};
    }
    EXPECT_FALSE(a.holds() && b.holds());
    const auto quiet = [](const caf::expected<lease_state>& answer) {
      return answer || failure_code(answer.error(), errc::io_error) == errc::overloaded;
    };
    EXPECT_TRUE(quiet(first) && quiet(second));
    EXPECT_TRUE(a.holds() || b.holds());
    EXPECT_EQ(std::max(a.epoch(), b.epoch()), static_cast<std::uint64_t>(round));
    EXPECT_FALSE(a.release() || b.release());
  }
}

TEST(fence, refuses_the_late_acts_of_an_earlier_holder) {
  fence resource;
  EXPECT_TRUE(resource.admit(1));
  EXPECT_TRUE(resource.admit(2));
  EXPECT_TRUE(resource.admit(2));
  EXPECT_FALSE(resource.admit(1));
}

TEST(file_lease, outlives_the_process_that_wrote_it) {
  const scratch folder;
  const lease_record record{"a#1", 7, 3, 1500ms};
  EXPECT_EQ(file_lease{folder.file()}.replace({}, record), true);
  EXPECT_EQ(file_lease{folder.file()}.read(), record);
  EXPECT_EQ(file_lease{folder.file()}.replace({}, {"b#1", 8, 0, 1s}), false);
}

TEST(file_lease, says_what_is_wrong_with_a_file) {
  const scratch folder;
  const auto error_of = [&](const std::string& text) {
    std::ofstream{folder.file()} << text;
    const auto read = file_lease{folder.file()}.read();
    return read ? "" : failure_text(read.error()).substr(folder.file().size() + 22);
  };
  const std::string good = "troupe lease 1\nholder a\nepoch 1\nrenewals 0\nttl_ms 1000\n";
  EXPECT_EQ(error_of(good), "");
  EXPECT_EQ(error_of(""), "line 1 is not `troupe lease 1`");
  EXPECT_EQ(error_of("troupe lease 1\nholder a\nepoch x\n"), "line 3 holds no number");
  EXPECT_EQ(error_of("troupe lease 1\nholder a\nrenewals 1\n"), "line 3 is not `epoch VALUE`");
  EXPECT_EQ(error_of(good + "x"), "line 6 should not be there");
  EXPECT_EQ(error_of("troupe lease 1\nholder a\nepoch 1\nrenewals 0\nttl_ms 0\n"),
            "ttl_ms is not within 1 to 86400000");
  EXPECT_EQ(error_of("troupe lease 1\nholder a b\nepoch 1\nrenewals 0\nttl_ms 1\n"),
            "the holder's name is not printable");
  EXPECT_EQ(error_of(std::string(2'000, 'x')), "it is larger than 1 KiB");
}

TEST(file_lease, says_where_it_cannot_be_written) {
  auto written = file_lease{"/no/such/folder/lease"}.replace({}, {"a", 1, 0, 1s});
  ASSERT_FALSE(written);
  EXPECT_EQ(failure_text(written.error()),
            "the lease /no/such/folder/lease.lock cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace troupe
