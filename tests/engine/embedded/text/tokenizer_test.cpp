#include "engine/embedded/text/tokenizer.hpp"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/embedded/model/gguf_writer.hpp"
#include "engine/embedded/model/tiny_model.hpp"
#include "engine/embedded/model/tiny_vocabulary.hpp"
#include "engine/embedded/text/pre_tokenizer.hpp"
#include "engine/embedded/text/utf8.hpp"

namespace troupe::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const tokenizer& tiny() {
  static const auto bytes = *make_tiny_model_bytes({});
  static const auto file = std::move(*gguf_file::parse(bytes.data(), bytes.size()));
  static const auto loaded = std::move(*tokenizer::load(*file));
  return *loaded;
}

std::vector<std::string> pieces(std::string_view text, bool parse_special = false) {
  std::vector<std::string> out;
  for (const auto id : tiny().encode(text, parse_special, false)) {
    out.emplace_back(tiny().bytes(id, true));
  }
  return out;
}

std::vector<std::string> words(std::string_view scheme, std::string_view text) {
  std::vector<std::string_view> views;
  const auto splitter = pre_tokenizer::make(scheme);
  EXPECT_TRUE(splitter);
  splitter->split(text, views);
  return {views.begin(), views.end()};
}

TEST(tokenizer, knows_its_special_tokens) {
  EXPECT_EQ(tiny().bos(), 1);
  EXPECT_EQ(tiny().eos(), 2);
  EXPECT_TRUE(tiny().is_end_of_turn(2));
  EXPECT_TRUE(tiny().is_end_of_turn(0));
  EXPECT_FALSE(tiny().is_end_of_turn(1));
  EXPECT_TRUE(tiny().is_special(1));
  EXPECT_FALSE(tiny().is_special(3));
  EXPECT_EQ(tiny().piece(2), "<|im_end|>");
  EXPECT_EQ(tiny().bytes(2), "");
  EXPECT_EQ(tiny().bytes(2, true), "<|im_end|>");
  for (const token_id id : {-1, 1 << 20}) {
    EXPECT_EQ(tiny().piece(id), "");
    EXPECT_EQ(tiny().bytes(id, true), "");
    EXPECT_FALSE(tiny().is_special(id));
  }
}

TEST(tokenizer, parses_specials_only_when_asked) {
  EXPECT_THAT(tiny().encode("<|im_start|><|im_end|>", true, false), ElementsAre(1, 2));
  EXPECT_THAT(tiny().encode("<|im_end|>", false, false), testing::Not(testing::Contains(2)));
  EXPECT_THAT(pieces("<|im_<|im_end|> the", true).back(), " the");
  EXPECT_EQ(tiny().decode({1, 2}, true), "");
  EXPECT_EQ(tiny().decode({1, 2}, false), "<|im_start|><|im_end|>");
}

TEST(tokenizer, merges_by_rank) {
  EXPECT_THAT(pieces(" the user"), ElementsAre(" the", " user"));
  EXPECT_THAT(pieces("12"), ElementsAre("1", "2"));
  EXPECT_EQ(tiny().encode("", true, true).size(), 0U);  // the model wants no BOS
  const std::string english = "What is the capital of France? Tell me more about the answer.";
  EXPECT_LT(tiny().encode(english, false, false).size(), english.size() / 2);
}

TEST(tokenizer, round_trips_valid_text) {
  std::mt19937 random{1};
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (auto n = random() % 80; n > 0; --n) {
      auto code = static_cast<char32_t>(random() % (round % 2 == 0 ? 0x80 : 0x11000));
      if (code < 0xD800 || code > 0xDFFF) append_utf8(text, code);
    }
    ASSERT_EQ(tiny().decode(tiny().encode(text, true, false), false), text);
    ASSERT_EQ(tiny().decode(tiny().encode(text, false, false), true), text);
  }
}

TEST(tokenizer, keeps_invalid_bytes) {
  std::mt19937 random{2};
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (auto n = random() % 60; n > 0; --n) text += static_cast<char>(random());
    std::string back;
    for (const auto id : tiny().encode(text, false, false)) back += tiny().bytes(id);
    ASSERT_EQ(back, text);
  }
}

TEST(tokenizer, long_and_short_words_merge_alike) {
  // 33 letters go through the heap, 32 through the scan: a word twice as long as its half.
  const std::string part = "requeststheirconversationanswers";
  ASSERT_EQ(part.size(), 32U);
  const auto once = pieces(part);
  auto longer = pieces(part + "zq" + part);
  ASSERT_GT(longer.size(), 2 * once.size());
  longer.resize(once.size());
  EXPECT_EQ(longer, once);
  EXPECT_EQ(pieces(std::string(100'000, 'e')).size(), 100'000U);
}

TEST(pre_tokenizer, splits_as_published) {
  EXPECT_THAT(words("smollm", "it's 42  ok\n\n x"),
              ElementsAre("it", "'s", " ", "4", "2", " ", " ok", "\n\n", " x"));
  EXPECT_THAT(words("gpt-2", "a 42!? b"), ElementsAre("a", " 42", "!?", " b"));
  EXPECT_THAT(words("llama-bpe", "IT'S 12345!\n\nx"),
              ElementsAre("IT", "'S", " ", "123", "45", "!\n\n", "x"));
  EXPECT_THAT(words("qwen2", "v12"), ElementsAre("v", "1", "2"));
  EXPECT_THAT(words("tekken", "helloWorld HTTPServer"),
              ElementsAre("hello", "World", " HTTPServer"));
  EXPECT_THAT(words("gpt-4o", "don't WON'T"), ElementsAre("don't", " WON'T"));
  EXPECT_THAT(words("default", "a12345<b"), ElementsAre("a", "123", "45", "<", "b"));
  EXPECT_THAT(words("gpt-2", "a\xFF\xFE b"), ElementsAre("a", "\xFF\xFE", " b"));
  EXPECT_THAT(failure_text(pre_tokenizer::make("martian").error()), HasSubstr("'martian'"));
}

TEST(pre_tokenizer, loses_nothing) {
  std::mt19937 random{4};
  for (const auto* scheme :
       {"smollm", "gpt-2", "llama-bpe", "qwen2", "tekken", "gpt-4o", "default"}) {
    for (int round = 0; round < 100; ++round) {
      std::string text, joined;
      for (auto n = random() % 60; n > 0; --n) {
        text +=
            random() % 3 == 0 ? static_cast<char>(random()) : " \n'sA1z.\xC3\xA9"[random() % 10];
      }
      for (const auto& word : words(scheme, text)) joined += word;
      ASSERT_EQ(joined, text) << scheme;
    }
  }
}

// A model whose keys can be spoilt one by one.
struct model_keys {
  std::string kind = "gpt2", pre = "gpt-2";
  tiny_vocabulary words = make_tiny_vocabulary();
  std::uint32_t eos = 2;
  bool adds_bos = false;

  caf::expected<std::vector<token_id>> encode(std::string_view text) const {
    gguf_writer writer;
    writer.add_string("tokenizer.ggml.model", kind);
    writer.add_string("tokenizer.ggml.pre", pre);
    writer.add_strings("tokenizer.ggml.tokens", words.tokens);
    writer.add_ints("tokenizer.ggml.token_type", words.types);
    writer.add_strings("tokenizer.ggml.merges", words.merges);
    writer.add_uint("tokenizer.ggml.bos_token_id", 1);
    writer.add_uint("tokenizer.ggml.eos_token_id", eos);
    writer.add_bool("tokenizer.ggml.add_bos_token", adds_bos);
    const auto bytes = writer.bytes();
    const auto file = gguf_file::parse(bytes.data(), bytes.size());
    const auto loaded = tokenizer::load(**file);
    if (!loaded) return loaded.error();
    return (*loaded)->encode(text, true, true);
  }

  std::string failure() const {
    const auto ids = encode("x");
    return ids ? "" : failure_text(ids.error());
  }
};

TEST(tokenizer, refuses_what_it_cannot_do) {
  EXPECT_EQ(model_keys{}.failure(), "");
  model_keys keys;
  keys.kind = "llama";
  EXPECT_THAT(keys.failure(), HasSubstr("model kind 'llama'"));
  keys = {};
  keys.pre = "martian";
  EXPECT_THAT(keys.failure(), HasSubstr("'martian'"));
  keys = {};
  keys.eos = 1U << 30U;
  EXPECT_THAT(keys.failure(), HasSubstr("eos_token_id"));
  keys = {};
  keys.words.types.pop_back();
  EXPECT_THAT(keys.failure(), HasSubstr("token_type"));
  keys = {};
  keys.words.types[5] = 9;
  EXPECT_THAT(keys.failure(), HasSubstr("token 5"));
  for (const auto* merge : {"", "x", "no such", "zz zzz"}) {
    keys = {};
    keys.words.merges[3] = merge;
    EXPECT_THAT(keys.failure(), HasSubstr("merge 3")) << merge;
  }
}

TEST(tokenizer, user_tokens_match_longest_first_and_bos_is_added) {
  model_keys keys;
  keys.adds_bos = true;
  const auto count = static_cast<token_id>(keys.words.tokens.size());
  for (const auto* text : {"<t>", "<t><u>"}) {
    keys.words.tokens.emplace_back(text);
    keys.words.types.push_back(4);
  }
  EXPECT_THAT(*keys.encode("<t><u><t>"), ElementsAre(1, count + 1, count));
}

}  // namespace
}  // namespace troupe::engine
