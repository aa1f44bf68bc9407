// Reads how tokens are to be chosen, in what form, and when that ends: the fields of vLLM's
// SamplingParams.
//
// Bounds: logprobs_max log probabilities a position, bad_words_max words.
#pragma once

#include <cstdint>

#include "engine/embedded/serve/api_request.hpp"

namespace troupe::engine {

inline constexpr std::uint32_t logprobs_max = 20;
inline constexpr std::size_t bad_words_max = 256;

// Reads the sampling fields into `out` and returns what all its prompts share. max_tokens is 0
// where as much is wanted as the context holds.
generation_request read_sampling(field_reader& fields, const api_context& context,
                                 api_request& out);

}  // namespace troupe::engine
