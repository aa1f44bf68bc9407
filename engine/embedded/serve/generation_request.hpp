// What the engine is asked to generate, free of HTTP and text: token ids in, token ids out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/embedded/serve/sampler.hpp"

namespace troupe::engine {

// Names a request inside one engine; chosen by who submits it, never used twice.
using request_id = std::uint64_t;

struct generation_request {
  std::vector<std::int32_t> prompt;  // not empty, each below the vocabulary's size
  sampling_params sampling;
  std::uint32_t max_tokens = 16;
  std::uint32_t min_tokens = 0;  // until then neither an end token nor a stop token is sampled
  bool ignore_eos = false;
  std::vector<std::int32_t> stop_token_ids;
  std::string cache_salt;  // only requests of the same salt share cached blocks
};

enum class finish_reason {
  stop,    // an end token or a stop token
  length,  // max_tokens
  abort,   // the client left or the engine stops
};

}  // namespace troupe::engine
