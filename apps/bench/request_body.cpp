#include "apps/bench/request_body.hpp"

#include "runtime/json_string.hpp"

namespace troupe::apps::bench {

namespace {

std::string_view role_of(speaker by) {
  switch (by) {
    case speaker::system:
      return "system";
    case speaker::assistant:
      return "assistant";
    case speaker::user:
      break;
  }
  return "user";
}

std::size_t text_bytes(const planned_request& asked) {
  std::size_t sum = 0;
  for (const message& each : asked.messages) sum += each.text->size() + 64;
  return sum;
}

void append_messages(std::string& out, const planned_request& asked) {
  out += R"("messages":[)";
  for (const message& each : asked.messages) {
    if (&each != &asked.messages.front()) out += ',';
    out.append(R"({"role":")").append(role_of(each.by)).append(R"(","content":)");
    append_json_string(out, *each.text);
    out += '}';
  }
  out += ']';
}

void append_prompt(std::string& out, const planned_request& asked) {
  std::string text;
  text.reserve(text_bytes(asked));
  for (const message& each : asked.messages) {
    if (!text.empty()) text += "\n\n";
    text += *each.text;
  }
  out += R"("prompt":)";
  append_json_string(out, text);
}

}  // namespace

std::string write_body(const planned_request& asked, const body_options& options) {
  std::string out;
  out.reserve(text_bytes(asked) + 512);
  out += R"({"model":)";
  append_json_string(out, options.model);
  out += ',';
  options.api == api_kind::chat ? append_messages(out, asked) : append_prompt(out, asked);
  out += R"(,"max_tokens":)" + std::to_string(asked.answer_tokens);
  if (!options.stop_early) out += R"(,"ignore_eos":true)";
  out += R"(,"temperature":0,"stream":true,"stream_options":{"include_usage":true}})";
  return out;
}

std::string_view path_of(api_kind api) {
  return api == api_kind::chat ? "/v1/chat/completions" : "/v1/completions";
}

}  // namespace troupe::apps::bench
