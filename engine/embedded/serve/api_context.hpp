// What the HTTP API answers with: the model's name, text side and limits, and the engine behind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/limits.hpp"
#include "engine/embedded/grammar/grammar_cache.hpp"
#include "engine/embedded/grammar/tool_calls.hpp"
#include "engine/embedded/serve/engine_client.hpp"
#include "engine/embedded/serve/engine_metrics.hpp"
#include "engine/embedded/serve/open_answers.hpp"
#include "engine/embedded/text/chat_template.hpp"
#include "engine/embedded/text/tokenizer.hpp"

namespace troupe::engine {

// Valid as long as any server or session uses it.
struct api_context {
  std::string model_name;
  std::int64_t created = 0;  // Unix seconds
  std::uint32_t context_tokens_max = 0;
  config::engine_limits limits;
  const tokenizer* text = nullptr;
  const chat_template* chat = nullptr;         // null: the model has none
  tool_syntax tools_as = tool_syntax::hermes;  // how the model writes calls
  grammar_cache* grammars = nullptr;
  engine_client* engine = nullptr;
  open_answers* answers = nullptr;
  engine_metrics* metrics = nullptr;
  std::string time_profile{};           // of a modelled engine; empty: a real one
  std::string kv_event_sources = "{}";  // body of GET /kv_event_sources
};

}  // namespace troupe::engine
