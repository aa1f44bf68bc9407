// What the reader takes from bodies, and which prompts share how much of their chains.
#include "actors/router/prompt_reader.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/actors/router/read_prompt.hpp"

namespace troupe::actors {
namespace {

std::size_t shared(const prompt_facts& a, const prompt_facts& b) {
  const auto ends = std::mismatch(a.chain.begin(), a.chain.end(), b.chain.begin(), b.chain.end());
  return static_cast<std::size_t>(ends.first - a.chain.begin());
}

const std::string long_text(1'000, 'x');

std::string message(const std::string& role, const std::string& text) {
  return R"({"role":")" + role + R"(","content":")" + text + "\"}";
}

TEST(prompt_reader, takes_what_routing_needs) {
  const auto facts =
      chat(R"("stream":true,"max_tokens":5,"max_completion_tokens":9,"cache_salt":"s",
      "stream_options":{"x":[1],"include_usage":true},"user":"u","other":{"model":"no"},
      "messages":[{"role":"user","content":"hi"}])");
  EXPECT_EQ(facts.model, "m");
  EXPECT_TRUE(facts.stream);
  EXPECT_TRUE(facts.include_usage);
  EXPECT_EQ(facts.max_tokens, 9u);
  EXPECT_EQ(facts.cache_salt, "s");
  EXPECT_EQ(facts.session, "u");
  EXPECT_EQ(facts.prompt_bytes, 9u);  // 4 + 2 bytes of text in 3 frames
  EXPECT_TRUE(facts.chain.empty());
}

TEST(prompt_reader, takes_null_for_nothing) {
  const auto facts = chat(R"("user":null,"stream":null,"max_tokens":null,"stream_options":null,
      "tools":null,"cache_salt":null,"messages":null)");
  EXPECT_EQ(facts.session, "");
  EXPECT_FALSE(facts.stream);
  EXPECT_FALSE(facts.include_usage);
  EXPECT_EQ(facts.prompt_bytes, 0u);
}

TEST(prompt_reader, names_what_is_wrong) {
  EXPECT_THAT(error_of(R"({"messages":[]})"), testing::HasSubstr("model is missing"));
  EXPECT_THAT(error_of(R"({"model":null})"), testing::HasSubstr("model is missing"));
  EXPECT_THAT(error_of(R"({"model":""})"), testing::HasSubstr("model is missing"));
  EXPECT_THAT(error_of(R"({"model":7})"), testing::HasSubstr("model must be a string"));
  EXPECT_THAT(error_of(R"({"model":["m"]})"), testing::HasSubstr("model must be a string"));
  EXPECT_THAT(error_of(R"({"model":")" + std::string(2'000, 'm') + "\"}"),
              testing::HasSubstr("model is longer"));
  EXPECT_THAT(error_of(R"({"model":"m","stream":"yes"})"), testing::HasSubstr("stream must be"));
  EXPECT_THAT(error_of(R"({"model":"m","cache_salt":1})"),
              testing::HasSubstr("cache_salt must be"));
  for (const char* body : {"[]", "7", "\"model\"", "null", "true"}) {
    EXPECT_THAT(error_of(body), testing::HasSubstr("JSON")) << body;
  }
}

TEST(prompt_reader, refuses_what_is_not_json) {
  for (const char* body :
       {"", " ", "{", "}", "{\"model\"", "{\"model\":", R"({"model":"m")", R"({"model":"m",})",
        R"({"model":"m"}x)", R"({"model":"m"}{})", R"({"model":"m"}})", R"({"model":"\q"})",
        R"({"model":"\u12"})", R"({"model":"m" "stream":true})", "{\"model\":\"a\nb\"}",
        "{\"model\":\"\xff\"}", R"({model:"m"})", "model=m"}) {
    EXPECT_THAT(error_of(body), testing::HasSubstr("JSON")) << body;
  }
}

TEST(prompt_reader, survives_a_body_cut_anywhere) {
  const std::string body = R"({"model":"m\u0065","tools":[{"a":[1,{"b":"c\n"}]}],"stream":false,)"
                           R"("messages":[{"content":[{"type":"text","text":"\ud83d\ude00"},)"
                           R"({"type":"image_url","image_url":{"url":"data:x"}}],"role":"user"},)"
                           R"({"role":"assistant","tool_calls":[{"id":"1","function":{}}]}]})";
  prompt_reader reader{options};
  EXPECT_TRUE(reader.read(prompt_kind::chat, body));
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    EXPECT_FALSE(reader.read(prompt_kind::chat, body.substr(0, cut))) << cut;
  }
  EXPECT_TRUE(reader.read(prompt_kind::chat, body));
}

TEST(prompt_reader, bounds_size_and_depth) {
  prompt_reader small{{.seed = {1}, .body_bytes_max = 20}};
  const auto refused = small.read(prompt_kind::chat, std::string(21, ' '));
  ASSERT_FALSE(refused);
  EXPECT_EQ(failure_code(refused.error(), errc::io_error), errc::payload_too_large);
  const auto nested = [](std::size_t n) {
    return R"({"model":"m","tools":[)" + std::string(n, '[') + std::string(n, ']') + "]}";
  };
  EXPECT_EQ(error_of(nested(60)), "accepted");
  EXPECT_THAT(error_of(nested(100)), testing::HasSubstr("deeper"));
  EXPECT_THAT(error_of(nested(100'000)), testing::HasSubstr("deeper"));
  // Where routing does not look, depth is the engine's business.
  EXPECT_EQ(error_of(R"({"model":"m","x":)" + std::string(500, '[') + std::string(500, ']') + "}"),
            "accepted");
}

TEST(prompt_reader, takes_the_last_of_duplicate_keys_as_python_does) {
  EXPECT_EQ(chat(R"("model":"n","messages":[])").model, "n");
  EXPECT_FALSE(chat(R"("stream":true,"stream":false)").stream);
  EXPECT_EQ(chat(R"("messages":[],"messages":[{"role":"user","content":"hi"}])").prompt_bytes, 9u);
  EXPECT_EQ(chat(R"("messages":[{"role":"a","content":"1234","role":"user","content":"hi"}])")
                .prompt_bytes,
            9u);
  EXPECT_EQ(chat(R"("\u006dodel":"n")").model, "n");
}

TEST(prompt_reader, shares_chunks_up_to_where_conversations_part) {
  const auto system = message("system", long_text);
  const auto a = chat("\"messages\":[" + system + "," + message("user", "one " + long_text) + "]");
  const auto b = chat("\"messages\":[" + system + "," + message("user", "two " + long_text) + "]");
  EXPECT_EQ(shared(a, b), (long_text.size() + 6) / chunk_bytes);
  const auto next = chat("\"messages\":[" + system + "," + message("user", "one " + long_text) +
                         "," + message("assistant", "ok") + "," + message("user", "on") + "]");
  EXPECT_EQ(shared(a, next), a.chain.size());
}

TEST(prompt_reader, sees_through_the_spelling_of_json) {
  const auto a = chat(R"("messages":[{"role":"user","content":"caf\u00e9 \ud83d\ude00\/)" +
                      long_text + R"(","name":"n"}])");
  const auto b = chat("\"messages\" : [ { \"name\":\"n\" , \"content\" : \"café 😀/" + long_text +
                      R"(" , "role" : "us\u0065r" } ] , "temperature" : 1)");
  EXPECT_GT(a.chain.size(), 10u);
  EXPECT_EQ(a.chain, b.chain);
  EXPECT_EQ(a.prompt_bytes, b.prompt_bytes);
}

TEST(prompt_reader, takes_one_text_part_for_the_same_text) {
  const auto a = chat(R"("messages":[{"role":"user","content":")" + long_text + "\"}]");
  const auto b = chat(R"("messages":[{"role":"user","content":[{"text":")" + long_text +
                      R"(","type":"text"}]}])");
  EXPECT_EQ(a.chain, b.chain);
}

TEST(prompt_reader, tells_media_apart_without_counting_their_bytes) {
  const auto with_image = [](const std::string& url) {
    return chat(
        R"("messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" + url +
        R"("}},{"type":"text","text":")" + long_text + "\"}]}]");
  };
  const auto a = with_image("data:" + std::string(50'000, 'a'));
  const auto b = with_image("data:" + std::string(50'000, 'b'));
  EXPECT_LT(a.prompt_bytes, 1'100u);
  EXPECT_EQ(shared(a, b), 0u);
  EXPECT_EQ(a.chain, with_image("data:" + std::string(50'000, 'a')).chain);
}

TEST(prompt_reader, tells_where_the_longest_text_lies) {
  const auto longest = [](const std::string& members) {
    const auto body = R"({"model":"m",)" + members + "}";
    const auto at = read_ok(prompt_kind::chat, body).longest_text;
    return body.substr(at.at, at.size);
  };
  const auto text =
      "\"messages\":[" + message("user", long_text) + "," + message("user", "x") + "]";
  EXPECT_EQ(longest(text), long_text);
  EXPECT_EQ(longest(text + R"(,"tools":[{"a":")" + long_text + "y\"}]"), long_text + "y");
  const std::string url(2'000, 'u');
  EXPECT_EQ(longest(R"("messages":[{"content":[{"type":"image_url","url":")" + url +
                    R"("},{"type":"text","text":")" + long_text + "\"}]}]"),
            url);
  EXPECT_EQ(longest(R"("x":"not of the prompt")"), "");
}

TEST(prompt_reader, puts_tools_first_wherever_they_stand) {
  const auto tools = R"("tools":[{"type":"function","function":{"name":")" + long_text + "\"}}]";
  const auto messages = "\"messages\":[" + message("user", long_text) + "]";
  const auto a = chat(tools + "," + messages);
  EXPECT_EQ(a.chain, chat(messages + "," + tools).chain);
  const auto other = chat(tools + ",\"messages\":[" + message("user", "y" + long_text) + "]");
  EXPECT_GE(shared(a, other), long_text.size() / chunk_bytes);
  EXPECT_EQ(shared(a, chat(messages)), 0u);
}

TEST(prompt_reader, ignores_ids_of_tool_calls) {
  const auto call = [](const std::string& id, const std::string& arguments) {
    return chat(R"("messages":[{"role":"assistant","content":null,"tool_calls":[{"id":")" + id +
                R"(","function":{"name":"f","arguments":")" + arguments + long_text + "\"}}]}]");
  };
  EXPECT_EQ(call("1", "a").chain, call("2", "a").chain);
  EXPECT_NE(call("1", "a").chain, call("1", "b").chain);
}

TEST(prompt_reader, keeps_namespaces_apart) {
  const auto body = [](const std::string& head) {
    return read_ok(prompt_kind::completion, "{" + head + R"(,"prompt":")" + long_text + "\"}");
  };
  const auto plain = body(R"("model":"m")");
  EXPECT_EQ(plain.chain.size(), 1'000 / chunk_bytes);
  EXPECT_EQ(shared(plain, body(R"("model":"n")")), 0u);
  EXPECT_EQ(shared(plain, body(R"("model":"m","cache_salt":"s")")), 0u);
  EXPECT_EQ(plain.chain, body(R"("stream":true,"model":"m")").chain);
  prompt_reader other{{.seed = {8}}};
  const auto keyed =
      other.read(prompt_kind::completion, R"({"model":"m","prompt":")" + long_text + "\"}");
  ASSERT_TRUE(keyed);
  EXPECT_EQ(shared(plain, *keyed), 0u);
}

TEST(prompt_reader, reads_every_form_of_a_completion_prompt) {
  const auto text = completion("\"prompt\":\"" + long_text + "\"");
  EXPECT_EQ(text.chain, completion("\"prompt\":[\"" + long_text + "\",\"more\"]").chain);
  EXPECT_EQ(text.prompt_tokens, 0u);
  std::string ids = "1";
  for (int i = 2; i <= 40; ++i) ids += " , " + std::to_string(i);
  const auto flat = completion("\"prompt\":[" + ids + "]");
  EXPECT_EQ(flat.prompt_tokens, 40u);
  EXPECT_EQ(flat.chain.size(), 40u * 4 / chunk_bytes);
  const auto nested = completion("\"prompt\":[[" + ids + "],[5,6]]");
  EXPECT_EQ(nested.prompt_tokens, 40u);
  EXPECT_EQ(nested.chain, flat.chain);
  for (const char* odd : {"[]", "7", "null", "{}", "[null]", "[[]]", "[1,-2]", "[1.5]", "[\"\"]"}) {
    EXPECT_TRUE(completion(std::string{"\"prompt\":"} + odd).chain.empty()) << odd;
  }
}

TEST(prompt_reader, keeps_a_lone_surrogate) {
  EXPECT_EQ(completion(R"("prompt":"\ud83d")").prompt_bytes, 3u);
  EXPECT_EQ(completion(R"("prompt":"\ud83dx\udc00")").prompt_bytes, 7u);
}

TEST(prompt_reader, reads_a_padded_body_in_place_and_others_too) {
  std::string body = R"({"model":"m","prompt":")" + long_text + "\"}";
  prompt_reader reader{options};
  body.shrink_to_fit();
  const auto copied = reader.read(prompt_kind::completion, body);
  body.reserve(body.size() + 64);
  const auto before = body;
  const auto in_place = reader.read(prompt_kind::completion, body);
  ASSERT_TRUE(copied && in_place);
  EXPECT_EQ(copied->chain, in_place->chain);
  EXPECT_EQ(body, before);
}

TEST(prompt_reader, leaves_the_chain_empty_where_hashing_is_off) {
  prompt_reader reader{{.seed = {1}, .hash_prompt = false}};
  const auto facts =
      reader.read(prompt_kind::completion, R"({"model":"m","prompt":")" + long_text + "\"}");
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->chain.empty());
}

}  // namespace
}  // namespace troupe::actors
