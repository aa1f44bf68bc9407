#include "actors/router/cost_model.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::actors {
namespace {

constexpr double seconds_per_token_min = 1e-7;
constexpr double seconds_per_token_max = 1.0;
constexpr double seconds_per_pair_max = 1e-3;
constexpr double forgetting = 0.97;          // the last 30 or so observations count
constexpr double surprise_factor_max = 4.0;  // beyond it a measurement counts as this much off
constexpr std::uint64_t trusting_observations = 3;  // taken as they come, to leave the prior

constexpr double bytes_per_token_min = 0.5;
constexpr double bytes_per_token_max = 64;
constexpr double ratio_forgetting = 0.99;

}  // namespace

double prefill_cost::seconds(double cached_tokens, double computed_tokens) const {
  const double k = std::max(computed_tokens, 0.0);
  return k * (b_ + a_ * (std::max(cached_tokens, 0.0) + k / 2));
}

void prefill_cost::observe(double cached_tokens, double computed_tokens, double seconds) {
  if (!(computed_tokens >= 1) || !(cached_tokens >= 0) || !(seconds > 0)) return;
  if (!std::isfinite(seconds) || !std::isfinite(computed_tokens + cached_tokens)) return;
  const double x = cached_tokens + computed_tokens / 2;
  double y = seconds / computed_tokens;
  if (observations_ >= trusting_observations) {
    const double expected = b_ + a_ * x;
    y = std::clamp(y, expected / surprise_factor_max, expected * surprise_factor_max);
  }
  y = std::clamp(y, seconds_per_token_min, seconds_per_token_max);
  // Long prefills say more: what is constant per request weighs little in them.
  const double weight = computed_tokens;
  for (double* sum : {&w_, &wx_, &wy_, &wxx_, &wxy_}) *sum *= forgetting;
  w_ += weight;
  wx_ += weight * x;
  wy_ += weight * y;
  wxx_ += weight * x * x;
  wxy_ += weight * x * y;
  ++observations_;
  solve();
}

void prefill_cost::solve() {
  const double x_mean = wx_ / w_;
  const double y_mean = wy_ / w_;
  const double variance = wxx_ / w_ - x_mean * x_mean;
  const double covariance = wxy_ / w_ - x_mean * y_mean;
  // The slope is pulled to 0 where the lengths seen hardly differ and would make it a guess.
  const double spread = x_mean * x_mean / 16 + 1;
  a_ = std::clamp(covariance / (variance + spread), 0.0, seconds_per_pair_max);
  b_ = std::clamp(y_mean - a_ * x_mean, seconds_per_token_min, seconds_per_token_max);
}

void token_ratio::observe(double bytes, double tokens) {
  if (!(bytes > 0) || !(tokens > 0)) return;
  const double sane = std::clamp(bytes / tokens, bytes_per_token_min, bytes_per_token_max);
  bytes_ = bytes_ * ratio_forgetting + sane * tokens;
  tokens_ = tokens_ * ratio_forgetting + tokens;
  bytes_per_token_ = bytes_ / tokens_;
}

}  // namespace troupe::actors
