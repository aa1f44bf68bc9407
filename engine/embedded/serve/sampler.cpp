#include "engine/embedded/serve/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

// GCC and Clang have 128-bit integers on every 64-bit target.
__extension__ using uint128 = unsigned __int128;

constexpr unsigned weight_bits = 44;  // 2^18 tokens of full weight still sum up below 2^63
constexpr double greedy_temperature = 1e-5;
constexpr float lowest = -std::numeric_limits<float>::infinity();

constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>((uint128{a} * b) >> 64);
}

constexpr std::uint64_t square_root(uint128 value) {
  uint128 root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const auto trial = root | (uint128{1} << bit);
    if (trial * trial <= value) root = trial;
  }
  return static_cast<std::uint64_t>(root);
}

// 2^-(i / 2^8), 2^-(i / 2^16), 2^-(i / 2^24) as fractions of 2^64 (i = 0 rounds to 1 - 2^-64).
struct exp2_tables {
  std::array<std::array<std::uint64_t, 256>, 3> level{};
};

constexpr exp2_tables make_tables() {
  exp2_tables tables;
  uint128 fraction = uint128{1} << 63;  // 2^-1
  for (auto& level : tables.level) {
    std::array<std::uint64_t, 8> bit{};  // bit[j] = 2^-(2^j / 256) of this level
    for (std::size_t j = 8; j-- > 0;) {
      fraction = square_root(fraction << 64);
      bit[j] = static_cast<std::uint64_t>(fraction);
    }
    for (std::size_t i = 0; i < 256; ++i) {
      std::uint64_t product = ~std::uint64_t{0};
      for (std::size_t j = 0; j < 8; ++j) {
        if (i >> j & 1) product = multiply_high(product, bit[j]);
      }
      level[i] = product;
    }
  }
  return tables;
}

constexpr exp2_tables tables = make_tables();

// Index of the largest logit, the lowest one among equals.
std::size_t arg_max(std::span<const float> logits) {
  std::size_t best = 0;
  float peak = lowest;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] > peak) {
      peak = logits[i];
      best = i;
    }
  }
  return best;
}

// share of total, rounded up, at least 1: a product of doubles is one rounding on any machine.
std::uint64_t share_of(double share, std::uint64_t total) {
  const auto part = std::ceil(share * static_cast<double>(total));
  return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(part), 1, total);
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const auto a = std::uint64_t{0xD2511F53} * counter[0];
    const auto b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

std::uint64_t random_bits(std::uint64_t seed, std::uint64_t position) {
  const auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  const auto words =
      philox({low(position), low(position >> 32), 0, 0}, {low(seed), low(seed >> 32)});
  return std::uint64_t{words[1]} << 32 | words[0];
}

std::uint64_t exp2_weight(std::uint64_t units) {
  const auto whole = units >> 32;
  if (whole > weight_bits) return 0;
  auto fraction = tables.level[0][units >> 24 & 0xFF];
  fraction = multiply_high(fraction, tables.level[1][units >> 16 & 0xFF]);
  fraction = multiply_high(fraction, tables.level[2][units >> 8 & 0xFF]);
  // The tables' 1 - 2^-64 for "no factor" must not cost the largest weight its last bit.
  if ((units & 0xFFFFFF00) == 0) return std::uint64_t{1} << (weight_bits - whole);
  return fraction >> (64 - weight_bits) >> whole;
}

bool sampler::ranks_below(const candidate& a, const candidate& b) {
  return a.logit != b.logit ? a.logit < b.logit : a.token > b.token;
}

std::int32_t sampler::sample(std::span<const float> logits, const sampling_params& params,
                             std::uint64_t position, std::span<const std::int32_t> banned) {
  TROUPE_ASSERT(!logits.empty());
  if (!banned.empty()) {
    allowed_.assign(logits.begin(), logits.end());
    for (const auto token : banned) allowed_[static_cast<std::size_t>(token)] = lowest;
    logits = allowed_;
  }
  const auto best = arg_max(logits);
  if (params.temperature < greedy_temperature || !(logits[best] > lowest)) {
    return static_cast<std::int32_t>(best);
  }
  weigh(logits, logits[best], params);
  return draw(params, position);
}

void sampler::weigh(std::span<const float> logits, float peak, const sampling_params& params) {
  constexpr double log2_e = 1.4426950408889634;
  constexpr double units_max = static_cast<double>(std::uint64_t{weight_bits + 1} << 32);
  const double scale = log2_e / params.temperature * 0x1p32;
  const auto weight_min = params.min_p > 0 ? share_of(params.min_p, exp2_weight(0)) : 1;
  candidates_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] == peak) {  // also where both are infinite
      candidates_.push_back({peak, static_cast<std::int32_t>(i), exp2_weight(0)});
      continue;
    }
    const double units = (static_cast<double>(peak) - static_cast<double>(logits[i])) * scale;
    if (!(units < units_max)) continue;
    const auto weight = exp2_weight(static_cast<std::uint64_t>(units));
    if (weight >= weight_min) {
      candidates_.push_back({logits[i], static_cast<std::int32_t>(i), weight});
    }
  }
}

// Moves the candidates that top_k and top_p keep to the end, best last, and returns their number.
std::size_t sampler::keep_best(const sampling_params& params) {
  auto total = std::uint64_t{0};
  for (const auto& c : candidates_) total += c.weight;
  const auto count_max = params.top_k == 0
                             ? candidates_.size()
                             : std::min<std::size_t>(params.top_k, candidates_.size());
  if (count_max < candidates_.size()) {
    // top_p is a share of what top_k leaves.
    std::ranges::nth_element(
        candidates_, candidates_.begin() + static_cast<std::ptrdiff_t>(count_max - 1),
        [](const candidate& a, const candidate& b) { return ranks_below(b, a); });
    candidates_.resize(count_max);
    total = 0;
    for (const auto& c : candidates_) total += c.weight;
  }
  const auto enough = params.top_p < 1 ? share_of(params.top_p, total) : total;
  std::ranges::make_heap(candidates_, ranks_below);
  auto sum = std::uint64_t{0};
  std::size_t kept = 0;
  while (kept < candidates_.size() && sum < enough) {
    std::pop_heap(candidates_.begin(), candidates_.end() - static_cast<std::ptrdiff_t>(kept),
                  ranks_below);
    ++kept;
    sum += candidates_[candidates_.size() - kept].weight;
  }
  return kept;
}

std::int32_t sampler::draw(const sampling_params& params, std::uint64_t position) {
  const bool filters = params.top_p < 1 || params.top_k > 0;
  const auto count = filters ? keep_best(params) : candidates_.size();
  const auto kept = std::span{candidates_}.last(count);
  auto total = std::uint64_t{0};
  for (const auto& c : kept) total += c.weight;
  auto ticket = multiply_high(random_bits(params.seed, position), total);
  for (const auto& c : kept) {
    if (ticket < c.weight) return c.token;
    ticket -= c.weight;
  }
  assertion_failed("a ticket below the total hits a candidate", __FILE__, __LINE__);
}

}  // namespace troupe::engine
