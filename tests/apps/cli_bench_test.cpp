// The flags of `troupe bench`.
#include "apps/cli_bench.hpp"

#include "tests/apps/parse.hpp"

namespace troupe::apps {
namespace {

using bench::bench_kind;
using bench::length_unit;
using bench::text_length;

const std::string load = "bench load http://127.0.0.1:8000 ";
const std::string talk = "bench multi-round http://127.0.0.1:8000 ";

bench::bench_settings settings_of(const std::string& line) {
  return parse_as<bench_command>(line).settings;
}

TEST(cli_bench, load_has_defaults_that_end) {
  const auto plain = settings_of(load);
  EXPECT_EQ(plain.kind, bench_kind::load);
  ASSERT_EQ(plain.targets.size(), 1u);
  EXPECT_EQ(plain.targets[0].at.port, 8000);
  EXPECT_EQ(plain.duration, std::chrono::seconds{30});
  EXPECT_EQ(plain.load.rate, 1);
  EXPECT_EQ(plain.load.prompt.text(), "512");
  EXPECT_EQ(plain.api, bench::api_kind::chat);
  EXPECT_EQ(settings_of(load + "--requests 5").duration.count(), 0);
}

TEST(cli_bench, load_takes_what_is_asked) {
  const auto all = settings_of(
      "bench load a=http://x:1 b=http://y:2/v1 --rate 12.5 --arrivals fixed --duration 10s "
      "--requests 100 --prompt-tokens 10-20 --answer-tokens exponential:30 --system-bytes 4kB "
      "--model m --api completions --seed 9 --repeats 3 --warmup 1s --connections 7 --timeout 2s "
      "--errors-max 5% --json j --svg s --stop-early --bytes-per-token 4.2");
  EXPECT_EQ(all.targets.at(1).name, "b");
  EXPECT_EQ(all.load.rate, 12.5);
  EXPECT_EQ(all.load.arrivals, bench::arrival_kind::fixed);
  EXPECT_EQ(all.requests_max, 100u);
  EXPECT_EQ(all.load.prompt.text(), "10-20");
  EXPECT_EQ(all.load.answer.text(), "exponential:30");
  EXPECT_EQ(all.load.system, (text_length{4'000, length_unit::bytes}));
  EXPECT_EQ(all.model, "m");
  EXPECT_EQ(all.api, bench::api_kind::completions);
  EXPECT_EQ(all.seed, 9u);
  EXPECT_EQ(all.repeats, 3u);
  EXPECT_EQ(all.warmup, std::chrono::seconds{1});
  EXPECT_EQ(all.connections_max, 7u);
  EXPECT_EQ(all.timeout, std::chrono::seconds{2});
  EXPECT_TRUE(all.errors_max.is_share);
  EXPECT_DOUBLE_EQ(all.errors_max.count, 0.05);
  EXPECT_EQ(all.json_file, "j");
  EXPECT_EQ(all.svg_file, "s");
  EXPECT_TRUE(all.stop_early);
  EXPECT_DOUBLE_EQ(all.bytes_per_token, 4.2);
  EXPECT_EQ(settings_of(load + "--errors-max 3").errors_max.count, 3);
  const auto bytes = settings_of(load + "--prompt-bytes 100").load.prompt;
  EXPECT_EQ(bytes.unit(), length_unit::bytes);
}

TEST(cli_bench, a_trace_needs_no_end) {
  const auto all = settings_of(load + "--trace t.csv --speed 2 --length-scale 0.5");
  EXPECT_EQ(all.load.trace, "t.csv");
  EXPECT_EQ(all.load.speed, 2);
  EXPECT_EQ(all.load.length_scale, 0.5);
  EXPECT_EQ(all.duration.count(), 0);
}

TEST(cli_bench, multi_round_takes_what_is_asked) {
  const auto all = settings_of(
      talk +
      "--users 48 --rounds 6 --qps 20 --join-rate 4 --arrivals fixed --system-bytes 4kB "
      "--context-tokens 2000 --question-bytes 400 --answer-tokens 60 --session-header x-user-id");
  EXPECT_EQ(all.kind, bench_kind::multi_round);
  EXPECT_EQ(all.multi_round.users, 48u);
  EXPECT_EQ(all.multi_round.rounds, 6u);
  EXPECT_EQ(all.multi_round.qps, 20);
  EXPECT_EQ(all.multi_round.join_rate, 4);
  EXPECT_EQ(all.multi_round.system, (text_length{4'000, length_unit::bytes}));
  EXPECT_EQ(all.multi_round.context, (text_length{2'000, length_unit::tokens}));
  EXPECT_EQ(all.multi_round.question, (text_length{400, length_unit::bytes}));
  EXPECT_EQ(all.multi_round.answer_tokens, 60u);
  EXPECT_EQ(all.session_header, "x-user-id");
  EXPECT_EQ(all.duration.count(), 0);
}

TEST(cli_bench, headers_are_taken_apart) {
  const auto command = parse_command(
      {"bench", "load", "http://a:1", "--header", "Authorization: Bearer x", "--header", "X:y"},
      no_variables);
  const auto& fields = std::get<bench_command>(command).settings.fields;
  EXPECT_EQ(fields.find("authorization"), "Bearer x");
  EXPECT_EQ(fields.find("x"), "y");
  EXPECT_NE(mistake_of(load + "--header nocolon").find("'NAME: VALUE'"), std::string::npos);
}

TEST(cli_bench, https_is_believed_as_asked) {
  const auto plain = settings_of("bench load https://x:1");
  EXPECT_TRUE(plain.targets.at(0).is_sealed());
  EXPECT_TRUE(plain.ca.empty() && !plain.insecure);
  EXPECT_EQ(settings_of("bench load https://x:1 --ca c.pem").ca, "c.pem");
  EXPECT_TRUE(settings_of("bench multi-round http://y:1 n=https://x:1/v1 --insecure").insecure);
  EXPECT_FALSE(settings_of(load).targets.at(0).is_sealed());
  EXPECT_EQ(mistake_of("bench load https://x:1 --ca c.pem --insecure"),
            "--ca and --insecure contradict each other; give one of them");
  EXPECT_EQ(mistake_of(load + "--ca c.pem"), "--ca is for https:// endpoints");
  EXPECT_EQ(mistake_of(talk + "--insecure"), "--insecure is for https:// endpoints");
}

TEST(cli_bench, the_key_is_that_of_the_flag_else_of_a_header_else_of_the_environment) {
  const auto variables = [](const std::string& name) {
    return name == "OPENAI_API_KEY" ? std::optional<std::string>{"sk-env"} : std::nullopt;
  };
  const auto key_of = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"bench", "load", "http://a:1"};
    words.insert(words.end(), more.begin(), more.end());
    return std::get<bench_command>(parse_command(words, variables)).settings.api_key;
  };
  EXPECT_EQ(key_of({}), "sk-env");
  EXPECT_EQ(key_of({"--api-key", "sk-flag"}), "sk-flag");
  EXPECT_EQ(key_of({"--header", "Authorization: Bearer x"}), "");
  EXPECT_EQ(settings_of(load).api_key, "");
  EXPECT_EQ(mistake_of(load + "--api-key k --header Authorization:x"),
            "--api-key and --header Authorization say the same; give one of them");
  const auto bad = parse_command({"bench", "load", "http://a:1", "--api-key", "a b"}, variables);
  EXPECT_EQ(std::get<finished>(bad).text, "the API key is not one word");
}

TEST(cli_bench, mistakes_say_what_is_allowed) {
  struct {
    std::string line, mistake;
  } const cases[] = {
      {"bench", "bench what? There are load and multi-round (see troupe bench --help)"},
      {load + "--rate 0", "--rate is '0'; expected a number above 0 and at most 100000"},
      {load + "--rate x", "--rate is 'x'; expected a number above 0 and at most 100000"},
      {load + "--arrivals even", "--arrivals is 'even'; expected one of poisson, fixed"},
      {load + "--prompt-tokens 0",
       "--prompt-tokens is '0'; expected a length N, MIN-MAX, exponential:MEAN or "
       "lognormal:MEDIAN,SIGMA, each at least 1"},
      {load + "--errors-max -1",
       "--errors-max is '-1'; expected a number of requests, or a share of them such as 1%"},
      {load + "--errors-max 101%",
       "--errors-max is '101%'; expected a number of requests, or a share of them such as 1%"},
      {load + "--prompt-tokens 5 --prompt-bytes 5",
       "--prompt-bytes and --prompt-tokens say the same; give one of them"},
      {talk + "--system-tokens 5 --system-bytes 5",
       "--system-bytes and --system-tokens say the same; give one of them"},
      {load + "--trace t --rate 5",
       "--rate has no meaning with --trace, which says it for each request"},
      {load + "--speed 2", "--speed is for --trace"},
      {load + "--rate 100000 --duration 1h",
       "--rate times --duration is more than 1000000 requests; add --requests"},
      {load + "--duration 5s --warmup 5s", "--warmup leaves nothing of --duration"},
      {load + "--timeout 0s", "--timeout is 0; leave it out or give it a value"},
      {talk + "--users 100000 --rounds 1000",
       "these are more than 1000000 questions; lower --users, --rounds, --qps or --duration"},
      {talk + "--users 0", "--users is '0'; expected a whole number from 1 to 100000"},
      {talk + "--session-header a:b", "--session-header is no name of a header"},
      {load + "http://127.0.0.1:8000",
       "two endpoints are called '127.0.0.1:8000'; name them: NAME=URL"},
      {"bench load ftp://x:1",
       "the endpoint 'ftp://x:1' is not of the form http://HOST:PORT or https://HOST:PORT"},
  };
  for (const auto& c : cases) EXPECT_EQ(mistake_of(c.line), c.mistake) << c.line;
}

TEST(cli_bench, misspelt_flags_are_guessed_and_missing_endpoints_named) {
  EXPECT_EQ(mistake_of(load + "--rat=5"),
            "'--rat' is not known to troupe bench load; did you mean '--rate'? (see troupe bench "
            "load --help)");
  EXPECT_EQ(mistake_of(talk + "--rate 5"),
            "'--rate' is not known to troupe bench multi-round (see troupe bench multi-round "
            "--help)");
  EXPECT_NE(mistake_of("bench load").find("URL"), std::string::npos);
  EXPECT_NE(mistake_of("bench load").find("(see troupe bench load --help)"), std::string::npos);
}

TEST(cli_bench, help_is_there_for_both) {
  for (const char* line : {"bench --help", "bench load --help", "bench multi-round --help"}) {
    const auto done = parse_as<finished>(line);
    EXPECT_EQ(done.exit_code, exit_success) << line;
    EXPECT_NE(done.text.find("  troupe bench load"), done.text.find("  troupe bench multi-round"));
  }
  EXPECT_NE(parse_as<finished>("bench load --help").text.find("--trace FILE"), std::string::npos);
  EXPECT_NE(parse_as<finished>("bench multi-round --help").text.find("--session-header NAME"),
            std::string::npos);
}

}  // namespace
}  // namespace troupe::apps
