#include "engine/embedded/model/rope.hpp"

#include <bit>
#include <cstddef>

namespace troupe::engine {

namespace {

constexpr double ln_2 = 0x1.62e42fefa39efp-1;

// Natural logarithm by mantissa and exponent: 2 atanh((m - 1) / (m + 1)).
double logarithm(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto exponent = static_cast<int>(bits >> 52U) - 1023;
  const double mantissa =
      std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFULL) | (std::uint64_t{1023} << 52U));
  const double ratio = (mantissa - 1) / (mantissa + 1);  // at most 1/3
  const double square = ratio * ratio;
  double sum = 0;
  for (int k = 35; k > 0; k -= 2) sum = sum * square + 1.0 / k;
  return 2 * ratio * sum + exponent * ln_2;
}

// e^-x for x >= 0: halved until small, Taylor, squared back.
double exponential_of_minus(double x) {
  int halvings = 0;
  for (; x > 0.25; x *= 0.5) ++halvings;
  double sum = 1;
  for (int k = 14; k > 0; --k) sum = 1 - x / k * sum;
  for (; halvings > 0; --halvings) sum *= sum;
  return sum;
}

}  // namespace

sine_cosine sine_and_cosine(double angle) {
  // pi / 2 in two parts; the first has 22 bits, so that a multiple below 2^31 is exact.
  constexpr double half_pi_high = 0x1.921fb0p+0;
  constexpr double half_pi_low = 0x1.5110b4611a626p-22;
  constexpr double two_over_pi = 0x1.45f306dc9c883p-1;
  const auto quarter = static_cast<std::int64_t>(angle * two_over_pi + 0.5);
  const double r = (angle - static_cast<double>(quarter) * half_pi_high) -
                   static_cast<double>(quarter) * half_pi_low;
  const double square = r * r;
  double sine = 1, cosine = 1;
  for (int k = 16; k > 1; k -= 2) {
    sine = 1 - square / (k * (k + 1)) * sine;
    cosine = 1 - square / (k * (k - 1)) * cosine;
  }
  sine *= r;
  switch (quarter % 4) {
    case 0:
      return {sine, cosine};
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    default:
      return {-cosine, sine};
  }
}

double inverse_power(double base, double exponent) {
  const double power = exponent * logarithm(base);
  return power >= 0 ? exponential_of_minus(power) : 1 / exponential_of_minus(-power);
}

rope::rope(float base, std::uint32_t head_dim, const std::vector<float>& factors) {
  frequencies_.resize(head_dim / 2);
  for (std::size_t i = 0; i < frequencies_.size(); ++i) {
    const double exponent = static_cast<double>(2 * i) / head_dim;
    const double factor = factors.empty() ? 1.0 : static_cast<double>(factors[i]);
    frequencies_[i] = inverse_power(static_cast<double>(base), exponent) / factor;
  }
}

void rope::fill(std::uint32_t position, float* cosines, float* sines) const {
  for (std::size_t i = 0; i < frequencies_.size(); ++i) {
    const auto turned = sine_and_cosine(position * frequencies_[i]);
    cosines[2 * i] = cosines[2 * i + 1] = static_cast<float>(turned.cosine);
    sines[2 * i] = -static_cast<float>(turned.sine);
    sines[2 * i + 1] = static_cast<float>(turned.sine);
  }
}

}  // namespace troupe::engine
