// Writes answers and stream chunks field by field as vLLM does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/embedded/serve/api_request.hpp"
#include "engine/embedded/serve/logprob_format.hpp"

namespace troupe::engine {

struct token_usage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  std::optional<std::uint64_t> cached_tokens;
};

// One answer of a request: what has come so far, or what came with one chunk.
struct answer_choice {
  std::size_t index = 0;
  std::string text;
  std::vector<tool_delta> tool_deltas;  // of a piece
  std::vector<tool_call> tool_calls;    // of a whole answer
  std::vector<std::int32_t> token_ids;
  std::string finish_reason;           // empty: goes on
  nlohmann::ordered_json stop_reason;  // stop string, stop token id, or null
  const std::vector<std::int32_t>* prompt_token_ids = nullptr;  // null: not to be shown

  std::vector<token_logprobs> logprobs;  // where they are asked for; an echoed prompt's first
  std::int32_t echoed_token = -1;        // the prompt's first, where those are before
  std::size_t text_offset = 0;           // of the first token told of, in characters
  std::vector<token_logprobs> prompt_logprobs;  // all tokens of the prompt but its first
};

// What every message about one request repeats, and what it shows.
class answer_format {
 public:
  struct identity {
    std::string id;  // without its prefix
    std::string model;
    std::int64_t created = 0;
  };

  // The request and the tokenizer must outlive the format.
  answer_format(const api_request& request, const tokenizer& text, identity who);

  // The whole answer of a request that does not stream.
  std::string whole(const std::vector<answer_choice>& choices, const token_usage& usage) const;

  // One server-sent event: the chat's opening chunk, with the role.
  std::string opening(const answer_choice& choice, const token_usage* usage) const;

  // One server-sent event: the next piece of a choice.
  std::string piece(const answer_choice& choice, const token_usage* usage) const;

  // One server-sent event: the usage, without choices.
  std::string closing(const token_usage& usage) const;

 private:
  using json = nlohmann::ordered_json;

  json frame(bool is_chunk) const;
  json whole_choice(const answer_choice& choice) const;
  json logprobs_of(const answer_choice& choice) const;
  json prompt_logprobs_of(const answer_choice& choice) const;
  std::string event(json chunk, json choice, const token_usage* usage) const;

  const api_request& request_;
  logprob_format logprobs_;
  identity who_;
};

}  // namespace troupe::engine
