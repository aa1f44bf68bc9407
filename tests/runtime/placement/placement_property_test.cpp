// Properties of placements over many seeds; TROUPE_SEED=n plays that seed alone.
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/runtime/placement/placement_properties.hpp"

namespace troupe::testing {
namespace {

class placement_properties_hold : public ::testing::TestWithParam<placement_property> {};

TEST_P(placement_properties_hold, for_every_seed) {
  const char* replay = std::getenv("TROUPE_SEED");
  const auto first = replay != nullptr ? std::strtoull(replay, nullptr, 10) : 1;
  const auto last = replay != nullptr ? first : 300;
  for (auto seed = first; seed <= last; ++seed) {
    ASSERT_EQ(GetParam().check(seed, {}), "") << "TROUPE_SEED=" << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(placement, placement_properties_hold,
                         ::testing::ValuesIn(placement_properties().begin(),
                                             placement_properties().end()),
                         [](const auto& info) { return std::string{info.param.name}; });

// Without a part of the rules the properties do not all hold.
struct missing_part {
  const char* name;
  bool placement_parts::*part;
};

class placement_mutation : public ::testing::TestWithParam<missing_part> {};

TEST_P(placement_mutation, is_noticed) {
  placement_parts parts;
  parts.*GetParam().part = false;
  for (const auto& property : placement_properties()) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      if (!property.check(seed, parts).empty()) return;
    }
  }
  FAIL() << "no property tells it from the rules";
}

INSTANTIATE_TEST_SUITE_P(placement, placement_mutation,
                         ::testing::Values(missing_part{"roles", &placement_parts::roles},
                                           missing_part{"labels", &placement_parts::labels},
                                           missing_part{"node_bound", &placement_parts::node_bound},
                                           missing_part{"value_bound",
                                                        &placement_parts::value_bound},
                                           missing_part{"weights", &placement_parts::weights},
                                           missing_part{"names", &placement_parts::names}),
                         [](const auto& info) { return std::string{info.param.name}; });

}  // namespace
}  // namespace troupe::testing
