// Turns one request's tokens into its text: whole characters, stop strings cut off.
//
// Thread: one owner.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/embedded/serve/api_format.hpp"
#include "engine/embedded/serve/engine_core.hpp"
#include "engine/embedded/text/incremental_decoder.hpp"
#include "engine/embedded/text/stop_matcher.hpp"
#include "engine/embedded/text/tokenizer.hpp"

namespace troupe::engine {

class text_collector {
 public:
  text_collector(const api_request& request, const tokenizer& text, std::uint32_t min_tokens);

  // Takes the tokens somebody else has emitted. Returns their text, which is not to be told again,
  // and the end if they hold it; nothing more is to be pushed then. Errors: invalid_request where
  // tokens follow after the end.
  caf::expected<answer_choice> replay(const generation_request& request);

  // Takes a token and returns the piece it brings: text that can be shown now, the token, and the
  // end if this is it. After an end nothing more is to be pushed.
  answer_choice push(const request_output& output);

 private:
  std::string token_text(const request_output& output);

  const tokenizer& text_;
  std::uint32_t min_tokens_;
  bool skips_special_;
  bool includes_stop_;
  std::vector<std::string> stops_;
  std::uint32_t taken_ = 0;  // tokens
  incremental_decoder decoder_;
  stop_matcher matcher_;
};

}  // namespace troupe::engine
