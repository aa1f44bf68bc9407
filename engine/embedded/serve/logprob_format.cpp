#include "engine/embedded/serve/logprob_format.hpp"

#include <algorithm>
#include <string>

#include "engine/embedded/text/utf8.hpp"

namespace troupe::engine {

namespace {

// JSON has no infinity; this is what vLLM shows for it.
constexpr float lowest_shown = -9999.0F;

float shown(float logprob) {
  return std::max(logprob, lowest_shown);
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

}  // namespace

std::string logprob_format::name(std::int32_t token) const {
  if (as_ids_) return "token_id:" + std::to_string(token);
  return repair_utf8(text_->bytes(token, true));
}

std::size_t logprob_format::characters(std::int32_t token) const {
  return count_characters(name(token));
}

logprob_format::json logprob_format::chat_entry(const token_logprob& t) const {
  auto bytes = json::array();
  for (const char c : text_->bytes(t.token, true)) bytes.push_back(static_cast<unsigned char>(c));
  return {{"token", name(t.token)}, {"logprob", shown(t.logprob)}, {"bytes", std::move(bytes)}};
}

logprob_format::json logprob_format::chat(std::span<const token_logprobs> told) const {
  auto content = json::array();
  for (const auto& t : told) {
    auto entry = chat_entry(t.chosen);
    auto& top = entry["top_logprobs"] = json::array();
    for (const auto& other : t.top) top.push_back(chat_entry(other));
    content.push_back(std::move(entry));
  }
  return {{"content", std::move(content)}};
}

logprob_format::json logprob_format::tokens(std::span<const token_logprobs> told) const {
  const auto entry_of = [](const token_logprob& t) {
    return json{{"token_id", t.token}, {"logprob", shown(t.logprob)}, {"rank", t.rank}};
  };
  auto content = json::array();
  for (const auto& t : told) {
    auto entry = entry_of(t.chosen);
    auto& top = entry["top_logprobs"] = json::array();
    for (const auto& other : t.top) top.push_back(entry_of(other));
    content.push_back(std::move(entry));
  }
  return {{"content", std::move(content)}};
}

logprob_format::json logprob_format::completion(std::span<const token_logprobs> told,
                                                std::int32_t first, std::size_t text_offset) const {
  auto offsets = json::array(), values = json::array(), names = json::array();
  auto tops = json::array();
  const auto add = [&](std::int32_t token) {
    offsets.push_back(text_offset);
    text_offset += characters(token);
    names.push_back(name(token));
  };
  if (first >= 0) {
    add(first);
    values.push_back(nullptr);
    tops.push_back(nullptr);
  }
  for (const auto& t : told) {
    add(t.chosen.token);
    values.push_back(shown(t.chosen.logprob));
    json top{{name(t.chosen.token), shown(t.chosen.logprob)}};
    // Parts of characters may share a name: the more likely one keeps it.
    for (const auto& other : t.top) top.emplace(name(other.token), shown(other.logprob));
    tops.push_back(std::move(top));
  }
  return {{"text_offset", std::move(offsets)},
          {"token_logprobs", std::move(values)},
          {"tokens", std::move(names)},
          {"top_logprobs", std::move(tops)}};
}

logprob_format::json logprob_format::prompt(std::span<const token_logprobs> told) const {
  auto list = json::array({nullptr});
  const auto entry = [](const token_logprob& t, const std::string& text) {
    return json{{"logprob", shown(t.logprob)}, {"rank", t.rank}, {"decoded_token", text}};
  };
  for (const auto& t : told) {
    json by_id{{std::to_string(t.chosen.token),
                entry(t.chosen, repair_utf8(text_->bytes(t.chosen.token, true)))}};
    for (const auto& other : t.top) {
      by_id[std::to_string(other.token)] =
          entry(other, repair_utf8(text_->bytes(other.token, true)));
    }
    list.push_back(std::move(by_id));
  }
  return list;
}

}  // namespace troupe::engine
