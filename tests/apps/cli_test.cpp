#include "apps/cli.hpp"

#include "tests/apps/parse.hpp"

namespace troupe::apps {
namespace {

TEST(cli, help_is_there_for_every_command_with_examples) {
  for (const char* line :
       {"--help", "-h", "up --help", "engine --help", "check --help", "key --help", "keygen --help",
        "make-tiny-model --help", "schema --help"}) {
    const auto done = parse_as<finished>(line);
    EXPECT_EQ(done.exit_code, exit_success) << line;
    EXPECT_NE(done.text.find("  troupe "), std::string::npos) << line << "\n" << done.text;
  }
  EXPECT_NE(parse_as<finished>("up --help").text.find("--policy NAME"), std::string::npos);
  EXPECT_NE(parse_as<finished>("engine --help").text.find("--kv-bytes SIZE"), std::string::npos);
}

TEST(cli, nothing_is_bad_usage) {
  EXPECT_EQ(mistake_of(""),
            "what shall it do? The commands are up, engine, engines, check, key, keygen, "
            "make-tiny-model, schema, bench, version (see troupe --help)");
}

TEST(cli, misspelt_commands_and_flags_are_guessed) {
  EXPECT_EQ(mistake_of("chek a.yaml"),
            "'chek' is not known to troupe; did you mean 'check'? (see troupe --help)");
  EXPECT_EQ(mistake_of("up --modle x"),
            "'--modle' is not known to troupe up; did you mean '--model'? (see troupe up --help)");
  EXPECT_EQ(mistake_of("engine --kv-byte=3"),
            "'--kv-byte' is not known to troupe engine; did you "
            "mean '--kv-bytes'? (see troupe engine --help)");
  EXPECT_EQ(mistake_of("--zzzzzzzzzz"),
            "'--zzzzzzzzzz' is not known to troupe (see troupe --help)");
}

TEST(cli, flags_without_a_value_and_given_twice_are_mistakes) {
  EXPECT_NE(mistake_of("up --model").find("--model"), std::string::npos);
  EXPECT_NE(mistake_of("up --model").find("(see troupe up --help)"), std::string::npos);
  EXPECT_NE(mistake_of("up --port 1 --port 2").find("--port"), std::string::npos);
}

TEST(cli, every_sentence_is_one_line) {
  for (const char* line : {"", "up", "up --model", "engine", "check", "upp", "schema --format x",
                           "make-tiny-model", "version extra"}) {
    EXPECT_EQ(mistake_of(line).find('\n'), std::string::npos) << line;
  }
}

TEST(cli, version_is_a_command_and_a_flag) {
  parse_as<version_command>("version");
  parse_as<version_command>("--version");
}

TEST(cli, check_takes_files) {
  EXPECT_EQ(parse_as<check_command>("check a.yaml b.yaml").files,
            (std::vector<std::string>{"a.yaml", "b.yaml"}));
  EXPECT_NE(mistake_of("check").find("FILE"), std::string::npos);
}

TEST(cli, schema_has_two_formats) {
  EXPECT_EQ(parse_as<schema_command>("schema").format, schema_format::json);
  EXPECT_EQ(parse_as<schema_command>("schema --format markdown").format, schema_format::markdown);
  EXPECT_EQ(mistake_of("schema --format xml"), "--format is 'xml'; expected one of json, markdown");
}

TEST(cli, make_tiny_model_sets_what_is_asked) {
  const auto plain = parse_as<tiny_model_command>("make-tiny-model t.gguf");
  EXPECT_EQ(plain.path, "t.gguf");
  EXPECT_EQ(plain.options.seed, engine::tiny_model_options{}.seed);
  const auto all = parse_as<tiny_model_command>(
      "make-tiny-model t.gguf --seed 7 --layers 3 --hidden 96 --heads 6 --kv-heads 3 --ffn 160 "
      "--context 512");
  EXPECT_EQ(all.options.seed, 7u);
  EXPECT_EQ(all.options.layers, 3u);
  EXPECT_EQ(all.options.hidden, 96u);
  EXPECT_EQ(all.options.heads, 6u);
  EXPECT_EQ(all.options.kv_heads, 3u);
  EXPECT_EQ(all.options.ffn, 160u);
  EXPECT_EQ(all.options.context, 512u);
  EXPECT_EQ(mistake_of("make-tiny-model t.gguf --layers 0"),
            "--layers is '0'; expected a whole number from 1 to 8192");
  EXPECT_NE(mistake_of("make-tiny-model").find("PATH"), std::string::npos);
}

}  // namespace
}  // namespace troupe::apps
