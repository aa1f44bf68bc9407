// How long texts are: a length with its unit, a distribution of lengths, and the measured scale
// that turns tokens into bytes of our text.
//
// Bounds: length_max of either unit; what a distribution draws beyond it is cut to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/bench/random_stream.hpp"

namespace troupe::apps::bench {

inline constexpr std::uint64_t length_max = 16'000'000;

enum class length_unit : std::uint8_t { bytes, tokens };

struct text_length {
  std::uint64_t count = 0;
  length_unit unit = length_unit::bytes;

  friend bool operator==(const text_length&, const text_length&) = default;
};

// What an endpoint makes of our words: tokens = template_tokens + bytes / bytes_per_token.
struct text_scale {
  double bytes_per_token = 4;
  double template_tokens = 0;  // what the chat template adds to one message

  // Returns the bytes of a text of that length.
  std::size_t bytes(text_length length) const;
};

// Solves for the scale of two prompts that an endpoint has counted; nothing where the counts make
// no sense.
struct counted_prompt {
  std::size_t bytes = 0;
  std::uint64_t tokens = 0;
};
std::optional<text_scale> scale_of(counted_prompt shorter, counted_prompt longer);

class length_distribution {
 public:
  length_distribution() = default;

  // Always the same length.
  explicit length_distribution(text_length fixed)
      : first_{static_cast<double>(fixed.count)}, unit_{fixed.unit} {}

  // Reads `512`, `100-2000` (each length alike), `exponential:MEAN` or `lognormal:MEDIAN,SIGMA`;
  // nothing for another text or a length that is 0 or over length_max.
  static std::optional<length_distribution> parse(std::string_view text, length_unit unit);

  // Draws a length, at least 1.
  text_length draw(random_stream& from) const;

  length_unit unit() const { return unit_; }

  // Returns what parse reads.
  std::string text() const;

 private:
  enum class shape : std::uint8_t { fixed, uniform, exponential, lognormal };

  shape shape_ = shape::fixed;
  double first_ = 1;   // the length, the least, the mean, the median
  double second_ = 0;  // the most, sigma
  length_unit unit_ = length_unit::tokens;
};

}  // namespace troupe::apps::bench
