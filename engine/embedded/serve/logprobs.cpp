#include "engine/embedded/serve/logprobs.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/embedded/serve/sampler.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

// GCC and Clang have 128-bit integers on every 64-bit target.
__extension__ using uint128 = unsigned __int128;

constexpr float lowest = -std::numeric_limits<float>::infinity();
constexpr unsigned fraction_bits = 32;

// log2(value) in units of 2^-32: the place of the first bit, then one bit per squaring.
std::uint64_t binary_log(std::uint64_t value) {
  const auto whole = static_cast<unsigned>(std::bit_width(value)) - 1;
  auto mantissa = value << (63 - whole);  // [1, 2) in units of 2^-63
  std::uint64_t log = whole;
  for (unsigned bit = 0; bit < fraction_bits; ++bit) {
    const auto square = (uint128{mantissa} * mantissa) >> 63;
    const bool carries = (square >> 64) != 0;
    mantissa = static_cast<std::uint64_t>(carries ? square >> 1 : square);
    log = log << 1 | (carries ? 1 : 0);
  }
  return log;
}

float cleaned(float logit) {
  return std::isnan(logit) ? lowest : logit;
}

// ln of the sum of exp(logit - peak) over a row.
double log_of_sum(std::span<const float> row, float peak) {
  constexpr double log2_e = 1.4426950408889634;
  constexpr double units_max = 0x1p32 * 45;
  auto sum = std::uint64_t{0};
  for (const auto logit : row) {
    if (logit == peak) {  // also where both are infinite
      sum += exp2_weight(0);
      continue;
    }
    const double units = (static_cast<double>(peak) - static_cast<double>(logit)) * log2_e * 0x1p32;
    if (units < units_max) sum += exp2_weight(static_cast<std::uint64_t>(units));
  }
  const auto whole = natural_log(exp2_weight(0));
  return static_cast<double>(natural_log(sum) - whole) * 0x1p-32;
}

std::uint32_t rank_of(std::span<const float> row, float logit) {
  const auto better = std::ranges::count_if(row, [logit](float other) { return other > logit; });
  return static_cast<std::uint32_t>(better) + 1;
}

}  // namespace

std::uint64_t natural_log(std::uint64_t value) {
  TROUPE_ASSERT(value > 0);
  constexpr std::uint64_t ln_2 = 0xB17217F7D1CF79AB;  // in units of 2^-64
  return static_cast<std::uint64_t>((uint128{binary_log(value)} * ln_2) >> 64);
}

token_logprobs make_logprobs(std::span<const float> row, std::int32_t chosen, std::uint32_t top) {
  TROUPE_ASSERT(chosen >= 0 && static_cast<std::size_t>(chosen) < row.size());
  auto peak = lowest;
  for (const auto logit : row) peak = std::max(peak, cleaned(logit));
  const bool is_flat = peak == lowest;  // nothing is likely at all
  const double log_sum = is_flat ? 0 : log_of_sum(row, peak);
  const auto tell = [&](std::int32_t token) {
    const auto logit = cleaned(row[static_cast<std::size_t>(token)]);
    const double below = logit == peak ? 0 : static_cast<double>(logit) - static_cast<double>(peak);
    return token_logprob{token, is_flat ? lowest : static_cast<float>(below - log_sum),
                         rank_of(row, logit)};
  };
  token_logprobs told{tell(chosen), {}};
  if (top == 0) return told;
  std::vector<std::int32_t> order(row.size());
  std::iota(order.begin(), order.end(), 0);
  const auto count = static_cast<std::ptrdiff_t>(std::min<std::size_t>(top, row.size()));
  std::ranges::partial_sort(order, order.begin() + count, [&](std::int32_t a, std::int32_t b) {
    const auto x = cleaned(row[static_cast<std::size_t>(a)]);
    const auto y = cleaned(row[static_cast<std::size_t>(b)]);
    return x != y ? x > y : a < b;
  });
  for (std::ptrdiff_t i = 0; i < count; ++i) told.top.push_back(tell(order[std::size_t(i)]));
  return told;
}

}  // namespace troupe::engine
