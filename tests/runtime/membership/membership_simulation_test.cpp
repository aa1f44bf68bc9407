// Whole clusters under faults, over many seeds; TROUPE_SEED=n plays that seed alone.
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/runtime/membership/member_network.hpp"
#include "tests/runtime/membership/membership_properties.hpp"

namespace troupe::testing {
namespace {

class membership_simulation : public ::testing::TestWithParam<membership_property> {};

TEST_P(membership_simulation, holds) {
  const auto& property = GetParam();
  const char* replay = std::getenv("TROUPE_SEED");
  const auto first = replay != nullptr ? std::strtoull(replay, nullptr, 10) : 1;
  const auto last = replay != nullptr ? first : property.seeds;
  for (auto seed = first; seed <= last; ++seed) {
    ASSERT_EQ(property.run(seed, {}), "") << "TROUPE_SEED=" << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(cluster, membership_simulation,
                         ::testing::ValuesIn(membership_properties()),
                         [](const auto& info) { return std::string{info.param.name}; });

TEST(member_network, replays_from_its_seed) {
  const auto story = [] {
    member_network net{{.nodes = 6, .seed = 5, .faults = {.loss = 0.2, .duplication = 0.2}}};
    net.kill(2);
    net.run(std::chrono::seconds{2});
    std::string text;
    for (const auto& n : net.notes()) {
      text += std::to_string(n.at.time_since_epoch().count()) + std::to_string(n.observer) +
              n.event.node.id.name + ' ';
    }
    return text;
  };
  EXPECT_EQ(story(), story());
}

// Without a part of the protocol the properties do not all hold.
struct missing_part {
  const char* name;
  bool membership_parts::*part;
};

class membership_mutation : public ::testing::TestWithParam<missing_part> {};

TEST_P(membership_mutation, is_noticed) {
  membership_parts parts;
  parts.*GetParam().part = false;
  for (const auto& property : membership_properties()) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      if (!property.run(seed, parts).empty()) return;
    }
  }
  FAIL() << "no property tells it from the protocol";
}

#define PART(name)                 \
  missing_part {                   \
#name, &membership_parts::name \
  }
INSTANTIATE_TEST_SUITE_P(parts, membership_mutation,
                         ::testing::Values(PART(incarnations), PART(suspicion),
                                           PART(indirect_probes), PART(refutation),
                                           PART(confirmations), PART(connection_loss),
                                           PART(own_pauses), PART(majority), PART(gossip)),
                         [](const auto& info) { return std::string{info.param.name}; });
#undef PART

}  // namespace
}  // namespace troupe::testing
