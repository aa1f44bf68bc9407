// A lease under candidates that are paused at every point and whose clocks go apart.
#include <array>
#include <cstdlib>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "runtime/placement/memory_lease.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

// What a mutation breaks; the last two are the stores' and the users' part of the rules.
struct mutation {
  const char* name;
  lease_parts parts{};
  bool compares = true;
  bool fenced = true;
};

// Time passes around every call of the store.
class slow_store : public lease_store {
 public:
  slow_store(std::function<void()> pause, bool compares)
      : pause_{std::move(pause)}, compares_{compares} {}

  caf::expected<lease_record> read() override {
    pause_();
    auto record = kept_.read();
    pause_();
    return record;
  }

  caf::expected<bool> replace(const lease_record& was, const lease_record& next) override {
    pause_();
    auto written = kept_.replace(compares_ ? was : *kept_.read(), next);
    pause_();
    return written;
  }

 private:
  std::function<void()> pause_;
  bool compares_;
  memory_lease kept_;
};

class lease_world {
 public:
  lease_world(std::uint64_t seed, const mutation& m) : random_{seed}, mutation_{m} {
    const auto pause = [this] { elapsed_ += std::chrono::milliseconds{random_() % 120}; };
    store_ = std::make_unique<slow_store>(pause, m.compares);
    for (int i = 0; i < 3; ++i) {
      const auto origin = std::chrono::milliseconds{random_() % 1'000'000};
      const double rate = 0.9 + 0.1 * i;  // of this candidate's clock
      const auto clock = [this, origin, rate] {
        const auto ms = static_cast<double>(elapsed_.count()) * rate;
        return time_point{origin + std::chrono::milliseconds{static_cast<std::int64_t>(ms)}};
      };
      candidates_[i] = std::make_unique<lease_candidate>(
          *store_, lease_options{"c" + std::to_string(i), 1s, m.parts}, clock);
    }
  }

  // Returns what went wrong, empty: nothing.
  std::string play() {
    for (int step = 0; step < 300 && broken_.empty(); ++step) {
      elapsed_ += std::chrono::milliseconds{random_() % (random_() % 8 == 0 ? 2'000 : 200)};
      act(random_() % candidates_.size());
      check_holders();
    }
    return broken_;
  }

  std::uint64_t tenures() const { return epoch_; }

 private:
  void act(std::size_t who) {
    auto& candidate = *candidates_[who];
    const bool held = candidate.holds();
    switch (random_() % 8) {
      case 0:
        (void)candidate.release();
        return;
      case 1:
      case 2:
        (void)candidate.renew();
        return;
      case 3:
        if (held) intend(who);
        return;
      default:
        if (candidate.acquire() != lease_state::held || held) return;
        if (candidate.epoch() <= epoch_) broken_ = "a tenure began without a new epoch";
        epoch_ = candidate.epoch();
    }
  }

  // Looks at its lease and acts; what an earlier look led to may arrive only now.
  void intend(std::size_t who) {
    const auto epoch = candidates_[who]->epoch();
    if (random_() % 2 == 0) {
      late_ = epoch;
      return;
    }
    arrive(epoch);
    if (late_ > 0) arrive(std::exchange(late_, 0));
  }

  void arrive(std::uint64_t epoch) {
    if (mutation_.fenced && !resource_.admit(epoch)) return;
    if (epoch < applied_) broken_ = "an earlier holder's act came after a later one's";
    applied_ = epoch;
  }

  void check_holders() {
    int holders = 0;
    for (const auto& candidate : candidates_) holders += candidate->holds() ? 1 : 0;
    if (holders > 1) broken_ = "two hold it";
  }

  std::mt19937_64 random_;
  mutation mutation_;
  std::chrono::milliseconds elapsed_{0};
  std::unique_ptr<slow_store> store_;
  std::array<std::unique_ptr<lease_candidate>, 3> candidates_;
  fence resource_;
  std::uint64_t epoch_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t applied_ = 0;
  std::string broken_;
};

TEST(lease_properties, hold_whoever_is_paused_wherever) {
  const char* replay = std::getenv("TROUPE_SEED");
  const auto first = replay != nullptr ? std::strtoull(replay, nullptr, 10) : 1;
  const auto last = replay != nullptr ? first : 500;
  for (auto seed = first; seed <= last; ++seed) {
    lease_world world{seed, {"none"}};
    ASSERT_EQ(world.play(), "") << "TROUPE_SEED=" << seed;
    ASSERT_GE(world.tenures(), 3u) << "nothing happened; TROUPE_SEED=" << seed;
  }
}

class lease_mutation : public testing::TestWithParam<mutation> {};

TEST_P(lease_mutation, is_noticed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    if (!lease_world{seed, GetParam()}.play().empty()) return;
  }
  FAIL() << "no seed tells it from the rules";
}

INSTANTIATE_TEST_SUITE_P(lease, lease_mutation,
                         testing::Values(mutation{"epochs", {.epochs = false}},
                                         mutation{"patience", {.patience = false}},
                                         mutation{"expiry", {.expiry = false}},
                                         mutation{"comparison", {}, false},
                                         mutation{"fence", {}, true, false}),
                         [](const auto& info) { return std::string{info.param.name}; });

}  // namespace
}  // namespace troupe
