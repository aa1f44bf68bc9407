// Any bytes as the body of each of the engine's endpoints: a request within its bounds, or a
// refusal that is a good answer itself.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/embedded/model/tiny_model.hpp"
#include "engine/embedded/serve/api_info.hpp"
#include "engine/embedded/serve/api_render.hpp"
#include "engine/embedded/serve/api_request.hpp"
#include "engine/embedded/serve/engine_model.hpp"
#include "runtime/assert.hpp"
#include "transport/http/error_reply.hpp"

namespace {

using namespace troupe::engine;

constexpr std::uint32_t context_tokens_max = 256;

// The text side of the tiny model; no endpoint here needs an engine.
const api_context& served() {
  static const auto bytes = *make_tiny_model_bytes({});
  static const auto file = std::move(*gguf_file::parse(bytes.data(), bytes.size()));
  static const auto opened = [] {
    engine_model text;
    TROUPE_ASSERT(!load_text(*file, text));
    return text;
  }();
  static grammar_cache grammars{
      std::make_shared<token_vocabulary>(token_vocabulary::of(*opened.text))};
  static const auto context = [] {
    api_context made;
    made.model_name = "tiny";
    made.context_tokens_max = context_tokens_max;
    made.text = opened.text.get();
    made.chat = opened.chat.get();
    made.grammars = &grammars;
    return made;
  }();
  return context;
}

void expect_good_refusal(const api_error& fault) {
  namespace http = troupe::transport::http;
  TROUPE_ASSERT(!fault.message.empty());
  TROUPE_ASSERT(http::status_of(fault.code) >= 400 && http::status_of(fault.code) < 500);
  TROUPE_ASSERT(nlohmann::json::accept(http::error_body(fault.code, fault.message, fault.param)));
}

void expect_in_bounds(const api_request& request) {
  const auto& context = served();
  TROUPE_ASSERT(!request.prompts.empty() && request.choices >= 1);
  TROUPE_ASSERT(request.prompts.size() * request.choices <= context.limits.queued_requests_max);
  TROUPE_ASSERT(request.stops.size() <= context.limits.stop_strings_max);
  for (const auto& prompt : request.prompts) {
    TROUPE_ASSERT(!prompt.prompt.empty());
    TROUPE_ASSERT(prompt.prompt.size() + prompt.max_tokens <= context_tokens_max);
    TROUPE_ASSERT(prompt.output_prefix.size() <= context_tokens_max);
    TROUPE_ASSERT(prompt.sampling.temperature >= 0 && prompt.sampling.top_p > 0);
    for (const auto token : prompt.prompt) {
      TROUPE_ASSERT(token >= 0 && static_cast<std::size_t>(token) < context.text->vocab_size());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::optional<api_error> fault;
  const auto body = parse_body({reinterpret_cast<const char*>(data), size}, fault);
  if (fault) {
    expect_good_refusal(*fault);
    return 0;
  }
  for (const auto kind : {api_kind::chat, api_kind::completion, api_kind::tokens}) {
    field_reader fields{body};
    const auto request = read_request(fields, kind, served());
    if (fields.fault()) {
      expect_good_refusal(*fields.fault());
    } else {
      expect_in_bounds(request);
    }
  }
  for (auto* answer : {render_chat_body, render_completion_body, tokenize_body, detokenize_body}) {
    field_reader fields{body};
    const auto reply = answer(fields, served());
    if (fields.fault()) {
      expect_good_refusal(*fields.fault());
    } else {
      TROUPE_ASSERT(nlohmann::json::accept(reply));
    }
  }
  return 0;
}
