// Two tools, requests that offer them, and what an answer must look like that calls them.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine::test {

inline constexpr const char* chat_path = "/v1/chat/completions";

inline json tools() {
  return json::parse(R"([
    {"type": "function", "function": {"name": "weather", "parameters": {"type": "object",
      "properties": {"city": {"enum": ["Paris", "Rome"]}, "days": {"$ref": "#/$defs/days"}},
      "required": ["city", "days"], "additionalProperties": false,
      "$defs": {"days": {"type": "integer", "minimum": 1, "maximum": 9}}}}},
    {"type": "function", "function": {"name": "time", "description": "of day",
      "parameters": {"type": "object", "properties": {}, "additionalProperties": false}}}])");
}

inline json ask(json more) {
  json body{{"max_tokens", 300}, {"seed", 3}, {"tools", tools()}};
  body["messages"] = json::array({{{"role", "user"}, {"content", "Is it raining?"}}});
  body.update(more);
  return body;
}

inline json named_function(const std::string& name) {
  return {{"type", "function"}, {"function", {{"name", name}}}};
}

// Fails unless a call is one of the tools above, its arguments as its schema says.
inline void expect_call(const json& call) {
  EXPECT_EQ(call["type"], "function");
  EXPECT_EQ(call["id"].get<std::string>().rfind("chatcmpl-tool-", 0), 0U);
  const auto arguments = json::parse(call["function"]["arguments"].get<std::string>());
  if (call["function"]["name"] == "time") {
    EXPECT_EQ(arguments, json::object());
    return;
  }
  EXPECT_EQ(call["function"]["name"], "weather");
  EXPECT_TRUE(arguments["city"] == "Paris" || arguments["city"] == "Rome") << arguments;
  EXPECT_TRUE(arguments["days"] >= 1 && arguments["days"] <= 9) << arguments;
}

// A streamed answer's calls put together as clients do; finish reason and content beside them.
struct streamed {
  json calls = json::array();
  std::string content;
  json finish;
};

inline streamed stream(blocking_client& client, json body) {
  body["stream"] = true;
  streamed all;
  for (const auto& event : events_of(client.post(chat_path, body).body)) {
    if (!event.is_object()) continue;
    const auto& choice = event["choices"][0];
    const auto& delta = choice["delta"];
    all.content += delta.value("content", "");
    for (const auto& piece : delta.value("tool_calls", json::array())) {
      const auto index = piece["index"].get<std::size_t>();
      if (piece.contains("id")) {
        EXPECT_EQ(index, all.calls.size());
        all.calls.push_back(piece);
        all.calls.back().erase("index");
      } else {
        auto& arguments = all.calls.at(index)["function"]["arguments"];
        arguments =
            arguments.get<std::string>() + piece["function"]["arguments"].get<std::string>();
      }
    }
    if (!choice["finish_reason"].is_null()) all.finish = choice["finish_reason"];
  }
  return all;
}

}  // namespace troupe::engine::test
