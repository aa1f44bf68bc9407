#include "tests/simulation/cluster/model_answer.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::simulation {

namespace {

constexpr std::string_view text_mark = R"("text":")";
constexpr std::string_view count_mark = R"("completion_tokens":)";

std::string text_of(const model_token& token) {
  auto text = text_of(token.key);
  text.append(":").append(std::to_string(token.exchange));
  text.append(":").append(std::to_string(token.position));
  return text.append(";");
}

// Takes a number off the front, and what follows it.
std::uint64_t take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
  text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
  return number;
}

void read_tokens(std::string_view text, std::vector<model_token>& into) {
  while (!text.empty()) {
    auto& token = into.emplace_back();
    token.key.stream = take_number(text);
    token.key.number = take_number(text);
    token.exchange = take_number(text);
    token.position = take_number(text);
  }
}

}  // namespace

std::string text_of(const request_key& key) {
  return std::to_string(key.stream) + "/" + std::to_string(key.number);
}

request_key key_of(std::string_view text) {
  const auto stream = take_number(text);
  return {stream, take_number(text)};
}

std::string token_event(const model_token& token) {
  std::string event{R"(data: {"choices":[{"index":0,"text":")"};
  return event.append(text_of(token)).append(R"(","finish_reason":null}]})").append("\n\n");
}

std::string last_events(std::uint64_t tokens) {
  std::string events{R"(data: {"choices":[{"index":0,"text":"","finish_reason":"length"}],)"};
  events.append(R"("usage":{"prompt_tokens":8,"completion_tokens":)");
  return events.append(std::to_string(tokens)).append("}}\n\ndata: [DONE]\n\n");
}

std::string whole_answer(const request_key& key, std::uint64_t exchange, std::uint64_t tokens) {
  std::string answer{R"({"choices":[{"index":0,"text":")"};
  for (std::uint64_t i = 0; i < tokens; ++i) answer += text_of(model_token{key, exchange, i});
  answer.append(R"(","finish_reason":"length"}],)");
  answer.append(R"("usage":{"prompt_tokens":8,"completion_tokens":)");
  return answer.append(std::to_string(tokens)).append("}}");
}

answer_facts read_answer(std::string_view bytes) {
  answer_facts facts;
  facts.has_finish = bytes.find(R"("finish_reason":"length")") != std::string_view::npos;
  facts.is_done = bytes.find("data: [DONE]") != std::string_view::npos;
  facts.has_error = bytes.find(R"("error":{)") != std::string_view::npos;
  for (auto at = bytes.find(text_mark); at != std::string_view::npos;
       at = bytes.find(text_mark, at + 1)) {
    const auto begin = at + text_mark.size();
    read_tokens(bytes.substr(begin, bytes.find('"', begin) - begin), facts.tokens);
  }
  if (const auto at = bytes.find(count_mark); at != std::string_view::npos) {
    auto rest = bytes.substr(at + count_mark.size());
    facts.counted = take_number(rest);
  }
  return facts;
}

}  // namespace troupe::simulation
