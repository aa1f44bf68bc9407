// Log probabilities as the API shows them: chat's shape, completions' shape, the prompt's.
//
// Top tokens come best first, as OpenAI documents; vLLM puts the chosen one first. `bytes` are the
// token's own, also where it is a part of a character.
//
// Thread: immutable; lives no longer than the tokenizer.
#pragma once

#include <cstdint>
#include <span>

#include <nlohmann/json.hpp>

#include "engine/embedded/serve/logprobs.hpp"
#include "engine/embedded/text/tokenizer.hpp"

namespace troupe::engine {

class logprob_format {
 public:
  using json = nlohmann::ordered_json;

  // With as_ids, tokens are called "token_id:7".
  logprob_format(const tokenizer& text, bool as_ids) : text_{&text}, as_ids_{as_ids} {}

  // {"content": [...]}.
  json chat(std::span<const token_logprobs> told) const;

  // The same without text: tokens are known by their ids.
  json tokens(std::span<const token_logprobs> told) const;

  // The parallel lists of completions. `first` is a token without a log probability before the
  // others (a prompt's), or -1; offsets count characters from text_offset on.
  json completion(std::span<const token_logprobs> told, std::int32_t first,
                  std::size_t text_offset) const;

  // Of the prompt: null for its first token, then an object by token id for each.
  json prompt(std::span<const token_logprobs> told) const;

  // Characters of a token's text.
  std::size_t characters(std::int32_t token) const;

 private:
  std::string name(std::int32_t token) const;
  json chat_entry(const token_logprob& t) const;

  const tokenizer* text_;
  bool as_ids_;
};

}  // namespace troupe::engine
