#include "engine/embedded/model/kernels/elementwise.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "engine/embedded/model/forward_buffers.hpp"
#include "engine/embedded/model/gguf_quantise.hpp"
#include "tests/engine/embedded/model/forced_target.hpp"
#include "tests/engine/embedded/model/loaded_model.hpp"

namespace troupe::engine {
namespace {

struct aligned_floats {
  aligned_array<float> array;
  std::size_t count;

  explicit aligned_floats(const std::vector<float>& values) : count{values.size()} {
    array.ensure(values.size());
    std::copy(values.begin(), values.end(), array.data());
  }
  std::vector<float> copy() const { return {array.data(), array.data() + count}; }
};

// Runs on every instruction set, checks that all give the same bits, and returns them.
template <class Action>
std::vector<float> on_every_target(const Action& action) {
  std::vector<float> base;
  for (const auto target : available_targets()) {
    const forced_target forced{target};
    const auto out = action();
    if (base.empty()) base = out;
    EXPECT_EQ(out.size(), base.size());
    EXPECT_EQ(std::memcmp(out.data(), base.data(), out.size() * sizeof(float)), 0)
        << hwy::TargetName(target);
  }
  return base;
}

TEST(Elementwise, NormalisesByTheRootOfTheMeanSquare) {
  auto values = random_floats(96, 1, 3);
  auto weight = random_floats(96, 2);
  std::fill(values.begin() + 70, values.end(), 0.0F);
  std::fill(weight.begin() + 70, weight.end(), 0.0F);
  const aligned_floats x{values}, w{weight};
  const auto ours = on_every_target([&] {
    aligned_floats out{std::vector<float>(96, 5.0F)};
    kernels::rms_normalise(x.array.data(), {w.array.data(), 70, 96, 1e-5F}, out.array.data());
    return out.copy();
  });
  double sum = 0;
  for (const double value : values) sum += value * value;
  const double root = std::sqrt(sum / 70 + 1e-5);
  for (std::size_t i = 0; i < 96; ++i) {
    EXPECT_NEAR(ours[i], values[i] / root * weight[i], 1e-5);
  }
}

TEST(Elementwise, GatesWithSiluOverTheWholeRange) {
  std::vector<float> gate, up;
  for (float x = -100; x <= 100; x += 0.390625F) gate.push_back(x);
  gate.insert(gate.end(), {-1e30F, 1e30F, 0.0F, -0.0F, 1e-30F, -1e-30F});
  gate.resize((gate.size() + 15) / 16 * 16);
  up.assign(gate.size(), 1.0F);
  const aligned_floats g{gate}, u{up};
  const auto ours = on_every_target([&] {
    aligned_floats out{gate};
    kernels::gated_silu(g.array.data(), u.array.data(), gate.size(), out.array.data());
    return out.copy();
  });
  for (std::size_t i = 0; i < gate.size(); ++i) {
    const double x = gate[i];
    // Below -87 the exponential is held at e^88, so that the result is tiny, not zero.
    const double expected = x < -87 ? 0 : x / (1 + std::exp(-x));
    EXPECT_NEAR(ours[i], expected,
                std::fabs(expected) * 1e-6 + (x < -87 ? std::fabs(x) * 1e-37 : 0))
        << x;
  }
}

TEST(Elementwise, RoundsRowsToInt8Blocks) {
  auto values = random_floats(64, 3);
  std::fill(values.begin() + 32, values.end(), 0.0F);
  values[5] = -4.0F;  // the block's largest
  for (const auto target : available_targets()) {
    const forced_target forced{target};
    const aligned_floats x{values};
    aligned_array<std::int8_t> quantised;
    aligned_array<float> scales;
    aligned_array<std::int32_t> sums;
    quantised.ensure(64);
    scales.ensure(2);
    sums.ensure(2);
    const kernels::activations rows{1,          64, x.array.data(), quantised.data(), scales.data(),
                                    sums.data()};
    kernels::quantise_row(rows, 0);
    EXPECT_EQ(scales.data()[0], 4.0F / 127.0F);
    EXPECT_EQ(quantised.data()[5], -127);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < 32; ++i) {
      EXPECT_EQ(quantised.data()[i], std::nearbyint(values[i] * (127.0F / 4.0F))) << i;
      sum += quantised.data()[i];
    }
    EXPECT_EQ(sums.data()[0], sum);
    EXPECT_EQ(scales.data()[1], 0.0F);
    EXPECT_EQ(sums.data()[1], 0);
  }
}

TEST(Elementwise, RotatesAdjacentPairs) {
  const auto values = random_floats(64, 4);
  std::vector<float> cosines(32), sines(32);
  for (std::size_t i = 0; i < 32; i += 2) {
    const float angle = 0.3F * static_cast<float>(i);
    cosines[i] = cosines[i + 1] = std::cos(angle);
    sines[i] = -std::sin(angle);
    sines[i + 1] = std::sin(angle);
  }
  const auto ours = on_every_target([&] {
    aligned_floats x{values};
    kernels::rotate_heads(x.array.data(), 2, {cosines.data(), sines.data(), 32, 0.5F});
    return x.copy();
  });
  for (std::size_t i = 0; i < 64; i += 2) {
    const float c = cosines[i % 32], s = sines[i % 32 + 1];
    EXPECT_NEAR(ours[i], 0.5F * (values[i] * c - values[i + 1] * s), 1e-6F);
    EXPECT_NEAR(ours[i + 1], 0.5F * (values[i] * s + values[i + 1] * c), 1e-6F);
  }
}

TEST(Elementwise, AccumulatesInPlace) {
  const auto a = random_floats(32, 5), b = random_floats(32, 6);
  const aligned_floats y{b};
  const auto ours = on_every_target([&] {
    aligned_floats x{a};
    kernels::accumulate(x.array.data(), y.array.data(), 32);
    return x.copy();
  });
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(ours[i], a[i] + b[i]);
}

// Every half and the midpoints to its neighbour: where rounding goes wrong, it goes wrong here.
TEST(Elementwise, NarrowsToHalfLikeTheReference) {
  std::vector<float> values;
  for (std::uint32_t bits = 0; bits < 0x7C00; ++bits) {
    const float here = from_half(static_cast<std::uint16_t>(bits));
    const float next = bits + 1 < 0x7C00 ? from_half(static_cast<std::uint16_t>(bits + 1)) : here;
    const float middle = here + (next - here) / 2;
    for (const float value :
         {here, middle, std::nextafter(middle, 0.0F), std::nextafter(middle, 1e9F)}) {
      values.push_back(std::min(value, 65504.0F));
      values.push_back(-std::min(value, 65504.0F));
    }
  }
  values.resize((values.size() + 15) / 16 * 16);
  for (const auto target : available_targets()) {
    const forced_target forced{target};
    std::vector<std::uint16_t> halves(values.size());
    kernels::narrow_to_half(values.data(), values.size(), halves.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(halves[i], to_half(values[i])) << values[i] << " " << hwy::TargetName(target);
    }
  }
}

TEST(Elementwise, SaturatesHalfInsteadOfOverflowing) {
  std::vector<float> values(16, 1e6F);
  values[1] = -1e30F;
  values[2] = std::numeric_limits<float>::infinity();
  std::vector<std::uint16_t> halves(16);
  kernels::narrow_to_half(values.data(), 16, halves.data());
  EXPECT_EQ(halves[0], 0x7BFF);
  EXPECT_EQ(halves[1], 0xFBFF);
  EXPECT_EQ(halves[2], 0x7BFF);
}

}  // namespace
}  // namespace troupe::engine
