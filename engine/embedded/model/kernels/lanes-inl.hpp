// Vectors of at most 16 floats and the functions on them that all kernels share. Included once for
// each instruction set.
//
// Batch invariance rests on three rules here. Lanes stand for independent results wherever that is
// possible; where lanes are summed, it is always 16 partial sums in one fixed tree, however wide
// the vector is. Multiplication and addition are never fused (the folder is compiled with
// -ffp-contract=off, MulAdd is not used), so a processor without FMA computes the same bits.
#include "engine/embedded/model/kernels/targets.hpp"

#include <hwy/highway.h>

#if defined(TROUPE_ENGINE_KERNELS_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TROUPE_ENGINE_KERNELS_LANES_INL
#undef TROUPE_ENGINE_KERNELS_LANES_INL
#else
#define TROUPE_ENGINE_KERNELS_LANES_INL
#endif

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace troupe::engine::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using float_tag = hn::CappedTag<float, 16>;
using int_tag = hn::RebindToSigned<float_tag>;
using word_tag = hn::RebindToUnsigned<float_tag>;
using float_vec = hn::Vec<float_tag>;
using int_vec = hn::Vec<int_tag>;
using word_vec = hn::Vec<word_tag>;

constexpr float_tag floats;
constexpr int_tag ints;
constexpr word_tag words;
constexpr std::size_t width = hn::MaxLanes(float_tag{});
constexpr std::size_t group = 16;             // lanes of one fixed-order unit
constexpr std::size_t parts = group / width;  // vectors it takes

// Returns e^x within 2 ulp or so; 0 below -87, and the value at 88 above that.
HWY_INLINE float_vec exponential(float_vec x) {
  const auto lowest = hn::Set(floats, -87.0F);
  const auto bounded = hn::Min(hn::Max(x, lowest), hn::Set(floats, 88.0F));
  const auto n = hn::Round(hn::Mul(bounded, hn::Set(floats, 1.44269504F)));
  // ln 2 in two parts; the first has 9 bits, so that n times it is exact.
  auto r = hn::Sub(bounded, hn::Mul(n, hn::Set(floats, 0.693359375F)));
  r = hn::Sub(r, hn::Mul(n, hn::Set(floats, -2.12194440e-4F)));
  auto sum = hn::Set(floats, 1.0F / 5040);
  constexpr float taylor[] = {1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1.0F, 1.0F};
#pragma GCC unroll 8
  for (const float coefficient : taylor) {
    sum = hn::Add(hn::Mul(sum, r), hn::Set(floats, coefficient));
  }
  const auto exponent = hn::Add(hn::ConvertTo(ints, n), hn::Set(ints, 127));
  const auto power = hn::BitCast(floats, hn::ShiftLeft<23>(exponent));
  return hn::IfThenElseZero(hn::Gt(x, lowest), hn::Mul(sum, power));
}

// Adds 16 lanes in a fixed tree: lane i to lane i + 8, then + 4, + 2, + 1.
HWY_INLINE float sum_of(const float (&lanes)[group]) {
  float sums[group];
  for (std::size_t i = 0; i < group; ++i) sums[i] = lanes[i];
  for (std::size_t half = group / 2; half != 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
}

// Widens `width` half precision numbers, each in the low 16 bits of a lane of 32. Exact, also for
// subnormal numbers; infinities and NaN become large finite numbers.
HWY_INLINE float_vec widen_half(word_vec half) {
  const auto sign = hn::ShiftLeft<16>(hn::And(half, hn::Set(words, 0x8000)));
  const auto magnitude = hn::ShiftLeft<13>(hn::And(half, hn::Set(words, 0x7FFF)));
  // As bits of a float the exponent is 112 too small; a product by 2^112 is exact.
  const auto scaled = hn::Mul(hn::BitCast(floats, magnitude), hn::Set(floats, 0x1p112F));
  return hn::BitCast(floats, hn::Or(hn::BitCast(words, scaled), sign));
}

// Loads `width` half precision numbers as floats.
HWY_INLINE float_vec load_half(const std::uint16_t* from) {
  const hn::Rebind<std::uint16_t, float_tag> halves;
  const auto raw = hn::LoadU(halves, from);
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::PromoteTo(floats, hn::BitCast(hn::Rebind<hwy::float16_t, float_tag>{}, raw));
#else
  return widen_half(hn::PromoteTo(words, raw));
#endif
}

// Rounds to half precision, ties to even; what is beyond its range becomes the largest number.
HWY_INLINE void store_half(float_vec value, std::uint16_t* to) {
  const hn::Rebind<std::uint16_t, float_tag> halves;
  const auto bits = hn::BitCast(words, value);
  const auto sign = hn::ShiftRight<16>(hn::And(bits, hn::Set(words, 0x80000000U)));
  const auto magnitude = hn::Min(hn::Abs(value), hn::Set(floats, 65504.0F));
  // Below 2^-14 the result is subnormal: adding 0.5, whose last bit is 2^-24, rounds to its grid.
  const auto small = hn::BitCast(words, hn::Add(magnitude, hn::Set(floats, 0.5F)));
  const auto subnormal = hn::Sub(small, hn::Set(words, 0x3F000000));
  const auto raw = hn::BitCast(words, magnitude);
  const auto odd = hn::And(hn::ShiftRight<13>(raw), hn::Set(words, 1));
  const auto rounded = hn::Add(hn::Add(raw, hn::Set(words, 0xFFF)), odd);
  const auto normal = hn::Sub(hn::ShiftRight<13>(rounded), hn::Set(words, 112U << 10U));
  const auto is_small = hn::RebindMask(words, hn::Lt(magnitude, hn::Set(floats, 6.103515625e-5F)));
  const auto half = hn::Or(hn::IfThenElse(is_small, subnormal, normal), sign);
  hn::StoreU(hn::DemoteTo(halves, hn::BitCast(ints, half)), halves, to);
}

}  // namespace troupe::engine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
