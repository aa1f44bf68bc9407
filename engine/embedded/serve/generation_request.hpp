// What the engine is asked to generate, free of HTTP and text: token ids in, token ids out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/embedded/serve/sampler.hpp"
#include "engine/embedded/serve/token_rules.hpp"

namespace troupe::engine {

class grammar_program;

// Names a request inside one engine; chosen by who submits it, never used twice.
using request_id = std::uint64_t;

struct generation_request {
  std::vector<std::int32_t> prompt;         // not empty, each below the vocabulary's size
  std::vector<std::int32_t> output_prefix;  // emitted before; fewer than max_tokens
  sampling_params sampling;
  token_rules rules;
  std::uint32_t max_tokens = 16;  // output_prefix included
  std::uint32_t min_tokens = 0;   // until then neither an end token nor a stop token is sampled
  std::shared_ptr<grammar_program> grammar;  // that the output follows; null: any output
  bool ignore_eos = false;
  std::vector<std::int32_t> stop_token_ids;
  std::string cache_salt;                 // only requests of the same salt share cached blocks
  std::int64_t priority = 0;              // lower ones first
  std::optional<std::uint32_t> logprobs;  // of the output, with so many of the best
  std::optional<std::uint32_t> prompt_logprobs;  // of the prompt; then all of it is computed
  request_id leader = 0;  // wait until this one's prompt can be shared; 0: nobody's
};

enum class finish_reason {
  stop,    // an end token or a stop token
  length,  // max_tokens
  abort,   // the client left or the engine stops
};

}  // namespace troupe::engine
