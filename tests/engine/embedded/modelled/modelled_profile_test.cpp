#include "engine/embedded/serve/modelled_profile.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace troupe::engine {
namespace {

const std::string profiles = std::string{TROUPE_SOURCE_DIR} + "/config/profiles";

const std::string whole =
    "name: mine\nstep_us: 10\nprefill_token_us: 2.5\nprefill_context_ns: 0\nkv_token_us: 1e-2\n"
    "kv_tokens: 4096\ncontext_tokens: 512\n";

std::string mistake(const std::string& text) {
  const auto read = parse_time_profile(text, "f");
  if (read) return "none";
  EXPECT_EQ(failure_code(read.error(), errc::io_error), errc::invalid_config);
  return failure_text(read.error());
}

// The whole profile with one line in another's place.
std::string mistake_with(const std::string& key, const std::string& line) {
  std::string text = whole;
  const auto at = text.find(key);
  text.replace(at, text.find('\n', at) - at, line);
  return mistake(text);
}

TEST(modelled_profile, reads_every_field) {
  const auto read = parse_time_profile(whole + "decode_token_us: 3\nanswer_tokens_mean: 9\n", "f");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "mine");
  EXPECT_EQ(read->step_us, 10);
  EXPECT_EQ(read->prefill_token_us, 2.5);
  EXPECT_EQ(read->prefill_context_ns, 0);
  EXPECT_EQ(read->kv_token_us, 0.01);
  EXPECT_EQ(read->decode_token_us, 3);
  EXPECT_EQ(read->kv_tokens, 4096U);
  EXPECT_EQ(read->context_tokens, 512U);
  EXPECT_EQ(read->answer_tokens_mean, 9U);
}

TEST(modelled_profile, two_fields_may_be_left_out) {
  const auto read = parse_time_profile(whole, "f");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->decode_token_us, 0);
  EXPECT_EQ(read->answer_tokens_mean, 0U);
}

TEST(modelled_profile, json_is_read_as_well) {
  const auto read = parse_time_profile(
      R"({"name": "j", "step_us": 1, "prefill_token_us": 2, "prefill_context_ns": 3,)"
      R"( "kv_token_us": 4, "kv_tokens": 16, "context_tokens": 1})",
      "f");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "j");
  EXPECT_EQ(read->kv_token_us, 4);
}

TEST(modelled_profile, a_mistake_names_place_field_and_what_is_allowed) {
  EXPECT_EQ(mistake_with("step_us", "step_us: fast"),
            "f:2:10: step_us is 'fast'; expected a number from 0 to 1e+09");
  EXPECT_EQ(mistake_with("step_us", "step_us: -1"),
            "f:2:10: step_us is '-1'; expected a number from 0 to 1e+09");
  EXPECT_EQ(mistake_with("step_us", "step_us: 10us"),
            "f:2:10: step_us is '10us'; expected a number from 0 to 1e+09");
  EXPECT_EQ(mistake_with("kv_token_us", "kv_token_us: 1e8"),
            "f:5:14: kv_token_us is '1e8'; expected a number from 0 to 1e+07");
  EXPECT_EQ(mistake_with("kv_tokens", "kv_tokens: 15"),
            "f:6:12: kv_tokens is '15'; expected a whole number from 16 to 1000000000");
  EXPECT_EQ(mistake_with("context_tokens", "context_tokens: 1.5"),
            "f:7:17: context_tokens is '1.5'; expected a whole number from 1 to 16777216");
  EXPECT_EQ(mistake_with("name", "name: ''"),
            "f:1:7: name is ''; expected a text of 1 to 200 bytes");
  EXPECT_EQ(mistake_with("step_us", "step_us: [1]"),
            "f:2:1: step_us is a list; expected one value");
}

TEST(modelled_profile, not_a_number_and_infinity_are_refused) {
  for (const char* value : {"nan", "inf", "-nan", "", "~"}) {
    EXPECT_NE(mistake_with("step_us", std::string{"step_us: "} + value), "none") << value;
  }
}

TEST(modelled_profile, what_is_missing_or_unknown_is_named) {
  EXPECT_EQ(mistake_with("kv_tokens", "#"), "f:1:1: kv_tokens is missing");
  EXPECT_EQ(mistake_with("kv_tokens", "kv_tokns: 16"),
            "f:1:1: kv_tokens is missing\n"
            "f:6:1: 'kv_tokns' is no key of a time profile; did you mean kv_tokens?");
}

TEST(modelled_profile, all_mistakes_are_told_at_once) {
  const auto text = mistake("step_us: x\n");
  for (const char* key : {"name", "step_us", "prefill_token_us", "prefill_context_ns",
                          "kv_token_us", "kv_tokens", "context_tokens"}) {
    EXPECT_NE(text.find(key), std::string::npos) << key;
  }
}

TEST(modelled_profile, what_is_no_map_or_no_yaml_is_an_error) {
  for (const char* text : {"", "- 1\n", "just words", "{", "a: b: c", "\xff\xfe"}) {
    EXPECT_NE(mistake(text), "none") << text;
  }
  EXPECT_NE(mistake(std::string(100'000, '#')), "none");
}

TEST(modelled_profile, a_file_cut_anywhere_is_never_read_as_another) {
  const auto& text = whole;
  const auto last_value = text.rfind("512");
  for (std::size_t length = 0; length < last_value; ++length) {
    EXPECT_NE(mistake(text.substr(0, length)), "none") << length;
  }
}

TEST(modelled_profile, those_we_ship_are_read) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{profiles}) {
    const auto read = read_time_profile(entry.path().string());
    ASSERT_TRUE(read) << failure_text(read.error());
    EXPECT_EQ(read->name, entry.path().stem().string());
    ++count;
  }
  EXPECT_GE(count, 3U);
}

TEST(modelled_profile, a_file_that_is_not_there_is_an_error) {
  const auto read = read_time_profile("/no/such/profile.yaml");
  ASSERT_FALSE(read);
  EXPECT_EQ(failure_text(read.error()), "/no/such/profile.yaml: cannot be read");
  EXPECT_FALSE(read_time_profile(testing::TempDir()));
}

}  // namespace
}  // namespace troupe::engine
