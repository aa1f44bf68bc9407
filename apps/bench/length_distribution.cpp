#include "apps/bench/length_distribution.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace troupe::apps::bench {

namespace {

constexpr double most = static_cast<double>(length_max);
constexpr double sigma_max = 5;

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (read.ec != std::errc{} || read.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> length_of(std::string_view text) {
  const auto value = number_of(text);
  return value && *value >= 1 && *value <= most ? value : std::nullopt;
}

std::string in_words(double value) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  return {text.data(), end};
}

}  // namespace

std::size_t text_scale::bytes(text_length length) const {
  if (length.unit == length_unit::bytes || length.count == 0) return length.count;
  const double tokens = std::max(static_cast<double>(length.count) - template_tokens, 1.0);
  return static_cast<std::size_t>(std::llround(std::max(tokens * bytes_per_token, 1.0)));
}

std::optional<text_scale> scale_of(counted_prompt shorter, counted_prompt longer) {
  if (longer.bytes <= shorter.bytes || longer.tokens <= shorter.tokens) return std::nullopt;
  text_scale scale;
  scale.bytes_per_token = static_cast<double>(longer.bytes - shorter.bytes) /
                          static_cast<double>(longer.tokens - shorter.tokens);
  scale.template_tokens =
      std::max(0.0, static_cast<double>(shorter.tokens) -
                        static_cast<double>(shorter.bytes) / scale.bytes_per_token);
  return scale;
}

std::optional<length_distribution> length_distribution::parse(std::string_view text,
                                                              length_unit unit) {
  length_distribution made;
  made.unit_ = unit;
  std::optional<double> first, second = 0;
  const auto after = [&](std::string_view word) { return text.substr(word.size()); };
  if (text.starts_with("exponential:")) {
    made.shape_ = shape::exponential;
    first = length_of(after("exponential:"));
  } else if (text.starts_with("lognormal:")) {
    made.shape_ = shape::lognormal;
    const std::string_view both = after("lognormal:");
    const auto comma = std::min(both.find(','), both.size());
    first = length_of(both.substr(0, comma));
    second = comma < both.size() ? number_of(both.substr(comma + 1)) : std::nullopt;
    if (second && (*second < 0 || *second > sigma_max)) second = std::nullopt;
  } else if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    made.shape_ = shape::uniform;
    first = length_of(text.substr(0, dash));
    second = length_of(text.substr(dash + 1));
    if (first && second && *second < *first) second = std::nullopt;
  } else {
    first = length_of(text);
  }
  if (!first || !second) return std::nullopt;
  made.first_ = *first;
  made.second_ = *second;
  return made;
}

text_length length_distribution::draw(random_stream& from) const {
  double value = first_;
  switch (shape_) {
    case shape::fixed:
      break;
    case shape::uniform:
      value = first_ +
              static_cast<double>(from.below(static_cast<std::uint64_t>(second_ - first_) + 1));
      break;
    case shape::exponential:
      value = from.exponential(first_);
      break;
    case shape::lognormal:
      value = first_ * std::exp(second_ * from.normal());
      break;
  }
  return {static_cast<std::uint64_t>(std::llround(std::clamp(value, 1.0, most))), unit_};
}

std::string length_distribution::text() const {
  switch (shape_) {
    case shape::uniform:
      return in_words(first_) + "-" + in_words(second_);
    case shape::exponential:
      return "exponential:" + in_words(first_);
    case shape::lognormal:
      return "lognormal:" + in_words(first_) + "," + in_words(second_);
    case shape::fixed:
      break;
  }
  return in_words(first_);
}

}  // namespace troupe::apps::bench
