// Bodies with long texts, of which the reader's parser sees an outline only.
#include <string>

#include <gtest/gtest.h>

#include "tests/actors/router/read_prompt.hpp"

namespace troupe::actors {
namespace {

TEST(prompt_reader, reads_long_texts_as_it_reads_short_ones) {
  const std::string text(5'000, 'x');
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) escaped += "\\u0078";
  const auto body = [](const std::string& spelled) {
    return R"("messages":[{"role":"user","content":[{"type":"text","text":")" + spelled +
           R"("},{"type":"image_url","image_url":{"url":")" + spelled + R"("}}],"name":")" +
           spelled + R"("}],"tools":[{")" + spelled + R"(":1}])";
  };
  const auto plain = chat(body(text)), spelled = chat(body(escaped));
  EXPECT_GE(plain.chain.size(), 3 * text.size() / chunk_bytes);  // its url is a digest
  EXPECT_EQ(plain.chain, spelled.chain);
}

TEST(prompt_reader, tells_where_the_model_lies_behind_long_texts) {
  const std::string before = R"({"prompt":")" + std::string(5'000, 'x') + R"(","model":)";
  const auto facts = read_ok(prompt_kind::completion, before + R"("m"})");
  EXPECT_EQ(facts.model_at.at, before.size());
  EXPECT_EQ(facts.model_at.size, 3u);
  EXPECT_EQ(facts.longest_text.size, 5'000u);
}

TEST(prompt_reader, refuses_long_names_and_long_texts_that_are_none) {
  EXPECT_EQ(error_of(R"({"prompt":"x","model":")" + std::string(5'000, 'm') + "\"}"),
            "model is longer than 1024 bytes.");
  EXPECT_EQ(error_of(R"({"model":"m","prompt":")" + std::string(5'000, '\n') + "\"}"),
            "The body is not valid JSON.");
  EXPECT_EQ(error_of(R"({"model":"m","prompt":")" + std::string(5'000, '\xff') + "\"}"),
            "The body is not valid JSON.");
}

}  // namespace
}  // namespace troupe::actors
