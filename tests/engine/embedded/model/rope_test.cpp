#include "engine/embedded/model/rope.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace troupe::engine {
namespace {

TEST(Rope, SineAndCosineAgreeWithTheLibrary) {
  std::mt19937 generator{1};
  for (const double range : {1.0, 10.0, 8192.0, 131072.0, 1e8}) {
    std::uniform_real_distribution<double> uniform{0, range};
    for (int i = 0; i < 2000; ++i) {
      const double angle = uniform(generator);
      const auto ours = sine_and_cosine(angle);
      ASSERT_NEAR(ours.sine, std::sin(angle), 1e-9) << angle;
      ASSERT_NEAR(ours.cosine, std::cos(angle), 1e-9) << angle;
    }
  }
  EXPECT_EQ(sine_and_cosine(0).sine, 0);
  EXPECT_EQ(sine_and_cosine(0).cosine, 1);
}

TEST(Rope, InversePowersAgreeWithTheLibrary) {
  for (const double base : {0.5, 1.0, 10000.0, 100000.0, 500000.0, 1e6}) {
    for (double exponent = 0; exponent < 1; exponent += 1.0 / 64) {
      const double expected = std::pow(base, -exponent);
      ASSERT_NEAR(inverse_power(base, exponent), expected, expected * 1e-12) << base;
    }
  }
}

TEST(Rope, FillsPairsWithTheAnglesOfTheirFrequency) {
  const rope plain{10000.0F, 16, {}};
  float cosines[16], sines[16];
  plain.fill(1234, cosines, sines);
  for (int pair = 0; pair < 8; ++pair) {
    const double angle = 1234 * std::pow(10000.0, -pair / 8.0);
    EXPECT_NEAR(cosines[2 * pair], std::cos(angle), 1e-6);
    EXPECT_EQ(cosines[2 * pair], cosines[2 * pair + 1]);
    EXPECT_NEAR(sines[2 * pair + 1], std::sin(angle), 1e-6);
    EXPECT_EQ(sines[2 * pair], -sines[2 * pair + 1]);
  }
}

TEST(Rope, FactorsDivideTheFrequencies) {
  const rope plain{10000.0F, 16, {}};
  const rope slowed{10000.0F, 16, std::vector<float>(8, 4.0F)};
  float cosines[16], sines[16], slow_cosines[16], slow_sines[16];
  plain.fill(100, cosines, sines);
  slowed.fill(400, slow_cosines, slow_sines);
  for (int i = 0; i < 16; ++i) {
    EXPECT_NEAR(cosines[i], slow_cosines[i], 1e-6);
    EXPECT_NEAR(sines[i], slow_sines[i], 1e-6);
  }
}

}  // namespace
}  // namespace troupe::engine
