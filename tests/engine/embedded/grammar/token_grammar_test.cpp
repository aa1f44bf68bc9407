// Token masks: the same language for every vocabulary, and the same place for the same tokens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/embedded/grammar/grammar_cache.hpp"
#include "tests/engine/embedded/grammar/schema_rig.hpp"

namespace troupe::engine::test {

namespace {

// All single bytes, then pieces as a tokenizer merges them, then marks: 2 end a turn, 1 does not.
class toy_vocabulary {
 public:
  explicit toy_vocabulary(std::uint64_t seed) {
    schema_rig rig{seed};
    for (int byte = 0; byte < 256; ++byte) texts_.push_back(std::string(1, (char)byte));
    static const std::vector<std::string> parts{"{\"", "\":", "\",\"", " ", "true", "null", "a",
                                                "b",   "}}",  "]}",    "1", "é",    "\n  ", "\\u",
                                                "漢",  "[",   "{",     "-", ".",    "name", "\""};
    for (int i = 0; i < 400; ++i) {
      std::string text;
      for (auto count = 1 + rig.below(3); count > 0; --count)
        text += parts[rig.below(parts.size())];
      texts_.push_back(text.substr(0, 1 + rig.below(text.size())));
    }
    for (int i = 0; i < 3; ++i) texts_.emplace_back();
    ends_ = {static_cast<std::int32_t>(texts_.size()) - 1,
             static_cast<std::int32_t>(texts_.size()) - 2};
    views_.assign(texts_.begin(), texts_.end());
  }

  std::shared_ptr<const token_vocabulary> made() const {
    return std::make_shared<token_vocabulary>(views_, ends_);
  }
  const std::vector<std::string>& texts() const { return texts_; }
  std::int32_t end() const { return ends_.front(); }
  std::int32_t mark() const { return static_cast<std::int32_t>(texts_.size()) - 3; }

 private:
  std::vector<std::string> texts_;
  std::vector<std::string_view> views_;
  std::vector<std::int32_t> ends_;
};

std::shared_ptr<grammar_program> program_of(const json& schema, const toy_vocabulary& vocabulary,
                                            mask_bounds bounds = {}) {
  return std::make_shared<grammar_program>(compiled(schema), vocabulary.made(), bounds);
}

std::vector<std::int32_t> allowed_tokens(token_grammar& grammar) {
  std::vector<std::int32_t> tokens;
  const auto mask = grammar.allowed();
  for (std::size_t i = 0; i < mask.size() * 64; ++i) {
    if ((mask[i / 64] >> (i % 64) & 1) != 0) tokens.push_back(static_cast<std::int32_t>(i));
  }
  return tokens;
}

// Writes tokens through the masks: freely at first, then those that close or that are short.
std::vector<std::int32_t> random_walk(token_grammar& grammar, const toy_vocabulary& vocabulary,
                                      schema_rig& rig, std::size_t steps_max) {
  std::vector<std::int32_t> tokens;
  const auto free_steps = rig.below(30);
  while (!grammar.finished() && tokens.size() < steps_max) {
    const auto allowed = allowed_tokens(grammar);
    if (allowed.empty()) break;
    auto chosen = allowed[rig.below(allowed.size())];
    if (tokens.size() >= free_steps) {
      if (grammar.may_end()) chosen = vocabulary.end();
      for (const char* closer : {"\"", "}", "]", "0"}) {
        const auto token = static_cast<std::int32_t>(static_cast<unsigned char>(*closer));
        if (!grammar.may_end() && grammar.allows(token)) {
          chosen = token;
          break;
        }
      }
    }
    EXPECT_TRUE(grammar.accept(chosen));
    tokens.push_back(chosen);
  }
  return tokens;
}

std::string text_of(const std::vector<std::int32_t>& tokens, const toy_vocabulary& vocabulary) {
  std::string text;
  for (const auto token : tokens) text += vocabulary.texts()[static_cast<std::size_t>(token)];
  return text;
}

}  // namespace

TEST(token_grammar, walks_through_masks_write_valid_texts) {
  std::size_t finished = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const toy_vocabulary vocabulary{seed};
    schema_rig rig{seed};
    const auto schema = rig.schema();
    token_grammar grammar{program_of(schema, vocabulary)};
    const auto text = text_of(random_walk(grammar, vocabulary, rig, 300), vocabulary);
    if (!grammar.finished()) continue;
    ++finished;
    const auto value = json::parse(text, nullptr, false);
    ASSERT_FALSE(value.is_discarded()) << seed << text;
    ASSERT_TRUE(validates(schema, value, schema)) << seed << text << schema.dump();
  }
  EXPECT_GT(finished, 130U);
}

TEST(token_grammar, mask_is_what_byte_by_byte_trial_says) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const toy_vocabulary vocabulary{seed};
    schema_rig rig{seed};
    const auto schema = rig.schema();
    const auto grammar = compiled(schema);
    token_grammar masked{program_of(schema, vocabulary)};
    auto state = grammar.start();
    for (int step = 0; step < 25 && !masked.finished(); ++step) {
      for (std::size_t i = 0; i + 3 < vocabulary.texts().size(); ++i) {
        auto trial = state;
        bool fits = true;
        for (const char c : vocabulary.texts()[i]) {
          fits = fits && grammar.advance(trial, static_cast<std::uint8_t>(c));
        }
        ASSERT_EQ(masked.allows(static_cast<std::int32_t>(i)), fits) << seed;
      }
      ASSERT_EQ(masked.allows(vocabulary.end()), grammar.may_end(state));
      ASSERT_FALSE(masked.allows(vocabulary.mark()));
      const auto allowed = allowed_tokens(masked);
      const auto chosen = allowed[rig.below(allowed.size())];
      ASSERT_TRUE(masked.accept(chosen));
      for (const char c : vocabulary.texts()[static_cast<std::size_t>(chosen)]) {
        grammar.advance(state, static_cast<std::uint8_t>(c));
      }
    }
  }
}

TEST(token_grammar, any_split_into_tokens_reaches_the_same_place) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const toy_vocabulary vocabulary{seed};
    schema_rig rig{seed};
    const auto schema = rig.schema();
    const auto text = rig.instance(schema, schema).dump();
    const auto program = program_of(schema, vocabulary);
    token_grammar bytes{program}, pieces{program};
    for (const char c : text) ASSERT_TRUE(bytes.accept(static_cast<unsigned char>(c)));
    for (std::size_t at = 0; at < text.size();) {
      auto token = static_cast<std::int32_t>(static_cast<unsigned char>(text[at]));
      for (std::size_t i = 256; i + 3 < vocabulary.texts().size(); ++i) {
        if (text.compare(at, vocabulary.texts()[i].size(), vocabulary.texts()[i]) == 0 &&
            rig.chance(50)) {
          token = static_cast<std::int32_t>(i);
        }
      }
      ASSERT_TRUE(pieces.accept(token)) << seed << text << at;
      at += vocabulary.texts()[static_cast<std::size_t>(token)].size();
    }
    EXPECT_TRUE(pieces.may_end());
    EXPECT_TRUE(std::ranges::equal(bytes.allowed(), pieces.allowed()));
  }
}

TEST(token_grammar, emitted_tokens_rebuild_the_place_at_every_cut) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const toy_vocabulary vocabulary{seed};
    schema_rig rig{seed};
    const auto schema = rig.schema();
    token_grammar whole{program_of(schema, vocabulary)};
    const auto tokens = random_walk(whole, vocabulary, rig, 40);
    for (std::size_t cut = 0; cut <= tokens.size(); ++cut) {
      token_grammar before{program_of(schema, vocabulary)};
      for (std::size_t i = 0; i < cut; ++i) {
        (void)before.allowed();  // whoever asked for masks stands where the other one stands
        ASSERT_TRUE(before.accept(tokens[i]));
      }
      token_grammar after{program_of(schema, vocabulary)};
      for (std::size_t i = 0; i < cut; ++i) ASSERT_TRUE(after.accept(tokens[i]));
      ASSERT_EQ(before.finished(), after.finished());
      ASSERT_TRUE(std::ranges::equal(before.allowed(), after.allowed())) << seed << " " << cut;
    }
  }
}

TEST(token_grammar, masks_do_not_depend_on_what_is_remembered) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const toy_vocabulary vocabulary{seed};
    schema_rig rig{seed};
    const auto schema = rig.schema();
    const auto small = program_of(schema, vocabulary, {2, 3, 1});
    token_grammar roomy{program_of(schema, vocabulary)}, forgetful{small}, other{small};
    for (const auto token : random_walk(roomy, vocabulary, rig, 60)) {
      ASSERT_TRUE(forgetful.allows(token)) << seed;
      (void)other.allowed();  // takes the only mask's place
      ASSERT_TRUE(forgetful.accept(token)) << seed;
    }
    ASSERT_TRUE(std::ranges::equal(roomy.allowed(), forgetful.allowed())) << seed;
  }
}

TEST(token_grammar, ends_a_turn_only_behind_a_whole_text) {
  const toy_vocabulary vocabulary{1};
  token_grammar grammar{program_of({{"type", "integer"}, {"maximum", 12}}, vocabulary)};
  EXPECT_FALSE(grammar.accept(vocabulary.end()));
  EXPECT_FALSE(grammar.accept('x'));
  EXPECT_FALSE(grammar.accept(vocabulary.mark()));
  EXPECT_FALSE(grammar.accept(-1));
  EXPECT_FALSE(grammar.accept(1'000'000));
  EXPECT_FALSE(grammar.allows(-1));
  EXPECT_FALSE(grammar.allows(1'000'000));
  ASSERT_TRUE(grammar.accept('1'));
  EXPECT_TRUE(grammar.may_end());
  EXPECT_FALSE(grammar.must_end());
  ASSERT_TRUE(grammar.accept('2'));
  EXPECT_TRUE(grammar.must_end());
  EXPECT_FALSE(grammar.finished());
  EXPECT_EQ(allowed_tokens(grammar).size(), 2U);
  EXPECT_TRUE(grammar.accept(vocabulary.end()));
  EXPECT_TRUE(grammar.finished());
  EXPECT_FALSE(grammar.accept('2'));
  EXPECT_TRUE(grammar.accept(vocabulary.end() - 1));
  EXPECT_EQ(allowed_tokens(grammar).size(), 2U);
}

TEST(token_grammar, allows_nothing_where_the_vocabulary_cannot_spell_on) {
  const std::vector<std::string_view> tokens{"{", "}", "x"};
  const auto vocabulary = std::make_shared<token_vocabulary>(tokens, std::vector<std::int32_t>{9});
  token_grammar grammar{std::make_shared<grammar_program>(
      compiled({{"properties", {{"x", true}}}, {"required", json::array({"x"})}}), vocabulary)};
  ASSERT_TRUE(grammar.accept(0));
  EXPECT_THAT(allowed_tokens(grammar), testing::IsEmpty());
}

TEST(grammar_cache, shares_programs_and_drops_the_oldest) {
  const toy_vocabulary vocabulary{1};
  grammar_cache cache{vocabulary.made(), 2};
  const auto object = cache.json_object_program();
  ASSERT_TRUE(object.engaged());
  EXPECT_EQ(*object, *cache.json_object_program());
  const auto null = cache.json_text_program(R"({"type": "null"})");
  ASSERT_TRUE(null.engaged());
  EXPECT_EQ(*null, *cache.json_schema_program(json{{"type", "null"}}));
  EXPECT_EQ(*object, *cache.json_object_program());  // null is the oldest now
  ASSERT_TRUE(cache.json_text_program(R"({"type":"boolean"})").engaged());
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(*object, *cache.json_object_program());
  EXPECT_NE(*null, *cache.json_text_program(R"({"type":"null"})"));
}

TEST(grammar_cache, hands_on_what_is_wrong_with_a_schema) {
  grammar_cache cache{toy_vocabulary{1}.made()};
  const auto code = [&](std::string_view text) {
    const auto made = cache.json_text_program(text);
    return made ? errc::io_error : failure_code(made.error(), errc::io_error);
  };
  EXPECT_EQ(code("{"), errc::invalid_request);
  EXPECT_EQ(code("false"), errc::invalid_request);
  EXPECT_EQ(code(R"({"not":{}})"), errc::unsupported);
  EXPECT_EQ(code(std::string(200'000, '[') + std::string(200'000, ']')), errc::invalid_request);
  EXPECT_EQ(code(std::string(100'000, '[') + std::string(100'000, ']')), errc::invalid_request);
  json large{{"description", std::string(grammar_cache::schema_bytes_max, 'x')}};
  const auto refused = cache.json_schema_program(large);
  ASSERT_FALSE(refused.engaged());
  EXPECT_EQ(failure_code(refused.error(), errc::io_error), errc::invalid_request);
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace troupe::engine::test
