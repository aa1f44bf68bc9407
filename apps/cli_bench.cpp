#include "apps/cli_bench.hpp"

#include <algorithm>
#include <set>

#include <CLI/CLI.hpp>

#include "apps/cli_bench_flags.hpp"
#include "config/mistake.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps {

namespace {

using bench::bench_kind;
using bench::bench_settings;

constexpr std::size_t targets_max = 16;
constexpr std::size_t headers_max = 32;
constexpr const char* key_variable = "OPENAI_API_KEY";

constexpr const char* about_endpoints =
    "\n"
    "With several endpoints (NAME=URL to name them) they are measured in turn, each with the same "
    "schedule and texts of its own, and further ones are shown with their ratio to the first.\n"
    "Latencies count from the time a request was due, so that a stalled endpoint cannot hide what "
    "it kept waiting. Ctrl-C ends and still reports.\n"
    "Exit code 1: more requests failed than --errors-max allows. More: docs/bench.md";

constexpr const char* load_examples =
    "Examples:\n"
    "  troupe bench load http://127.0.0.1:8000 --rate 20 --duration 60s\n"
    "      prompts of 512 tokens, answers of 128, 20 a second at random times\n"
    "  troupe bench load ours=http://a:8000 theirs=http://b:8000 --rate 5 --repeats 3 \\\n"
    "      --prompt-tokens lognormal:1500,0.8 --answer-tokens 50-200 --json out.json --svg "
    "out.svg\n"
    "  troupe bench load http://127.0.0.1:8000 --trace azure_conv.csv --speed 2 --requests 1000\n"
    "\n"
    "Lengths: N, MIN-MAX, exponential:MEAN or lognormal:MEDIAN,SIGMA. How many bytes make a token "
    "is asked of each endpoint first, by two short requests.";

constexpr const char* multi_round_examples =
    "Examples:\n"
    "  troupe bench multi-round http://127.0.0.1:8000 --users 48 --rounds 6 --qps 20 \\\n"
    "      --system-bytes 4kB --context-bytes 8kB --question-bytes 400 --answer-tokens 60\n"
    "  troupe bench multi-round prefix=http://a:8000 round_robin=http://b:8000 --repeats 3\n"
    "\n"
    "Every user has a context of its own behind the system prompt that all share, and sends the "
    "whole conversation, real answers included, with each question. With --duration, a new user "
    "takes the place of one that is done.";

void add_kind(CLI::App& command, bench_kind kind, bench_flags& flags) {
  command.add_option("URL", flags.targets, "Endpoints: [NAME=]http://HOST:PORT[/v1], or https")
      ->required();
  const auto& all = bench_flags_of(kind);
  flags.texts.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    command.add_option(all[i].name, flags.texts[i], all[i].help)->type_name(all[i].type);
  }
  command.add_flag("--stop-early", flags.stop_early,
                   "Let answers end by themselves: do not send ignore_eos");
  command.add_flag("--insecure", flags.insecure,
                   "Believe any certificate of https endpoints: for measurements of your own");
  command
      .add_option("--header", flags.headers,
                  "'NAME: VALUE', sent with each request; may be repeated")
      ->type_name("TEXT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.footer(std::string{kind == bench_kind::load ? load_examples : multi_round_examples} +
                 about_endpoints);
}

void take_targets(const bench_flags& flags, bench_settings& settings, flag_reader& read) {
  std::set<std::string> names;
  if (flags.targets.size() > targets_max) {
    return read.fail("more than " + std::to_string(targets_max) + " endpoints");
  }
  for (const std::string& text : flags.targets) {
    auto made = bench::parse_target(text);
    if (!made) return read.fail(failure_text(made.error()));
    if (!names.insert(made->name).second) {
      return read.fail("two endpoints are called " + config::quote(made->name) +
                       "; name them: NAME=URL");
    }
    settings.targets.push_back(std::move(*made));
  }
}

void take_headers(const bench_flags& flags, bench_settings& settings, flag_reader& read) {
  if (flags.headers.size() > headers_max) {
    return read.fail("more than " + std::to_string(headers_max) + " --header");
  }
  for (const std::string& text : flags.headers) {
    const auto colon = text.find(':');
    const bool sound = colon != std::string::npos && colon > 0 && text.find(' ') > colon &&
                       transport::http::is_one_line(text);
    if (!sound) {
      return read.fail("--header is " + config::quote(text) +
                       "; expected 'NAME: VALUE' in one line");
    }
    const auto value = text.find_first_not_of(' ', colon + 1);
    settings.fields.add(text.substr(0, colon),
                        value == std::string::npos ? "" : text.substr(value));
  }
}

// The key goes to every endpoint. It is a secret: no sentence quotes it.
void take_api_key(const config::environment& variables, bench_settings& settings,
                  flag_reader& read) {
  const bool has_header = settings.fields.contains("authorization");
  if (!settings.api_key.empty() && has_header) {
    return read.fail("--api-key and --header Authorization say the same; give one of them");
  }
  if (settings.api_key.empty() && !has_header) {
    settings.api_key = variables(key_variable).value_or("");
  }
  const bool is_a_word = settings.api_key.find_first_of(" \t\r\n") == std::string::npos;
  if (!is_a_word) read.fail("the API key is not one word");
}

void check_trust(const bench_settings& settings, flag_reader& read) {
  const bool has_https = std::any_of(settings.targets.begin(), settings.targets.end(),
                                     [](const auto& each) { return each.is_sealed(); });
  if (!settings.ca.empty() && settings.insecure) {
    return read.fail("--ca and --insecure contradict each other; give one of them");
  }
  if (has_https) return;
  if (!settings.ca.empty()) read.fail("--ca is for https:// endpoints");
  if (settings.insecure) read.fail("--insecure is for https:// endpoints");
}

// Returns whether a flag of the command was given.
bool is_given(bench_kind kind, const bench_flags& flags, std::string_view name) {
  const auto& all = bench_flags_of(kind);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return flags.texts.at(i).has_value();
  }
  return false;
}

// Says what does not go together, or would never end.
void check_load(const bench_flags& flags, bench_settings& settings, flag_reader& read) {
  const auto given = [&](std::string_view name) { return is_given(bench_kind::load, flags, name); };
  const bool has_trace = given("--trace");
  for (const char* name : {"--rate", "--arrivals", "--prompt-tokens", "--prompt-bytes",
                           "--answer-tokens", "--system-bytes", "--system-tokens"}) {
    if (has_trace && given(name)) {
      read.fail(std::string{name} + " has no meaning with --trace, which says it for each request");
    }
  }
  for (const char* name : {"--speed", "--length-scale"}) {
    if (!has_trace && given(name)) read.fail(std::string{name} + " is for --trace");
  }
  if (!has_trace && settings.requests_max == 0) {
    if (settings.duration.count() == 0) settings.duration = std::chrono::seconds{30};
    const double requests =
        settings.load.rate * std::chrono::duration<double>(settings.duration).count();
    if (requests > static_cast<double>(bench_requests_max)) {
      read.fail("--rate times --duration is more than " + std::to_string(bench_requests_max) +
                " requests; add --requests");
    }
  }
}

void check_multi_round(const bench_settings& settings, flag_reader& read) {
  const bench::multi_round_settings& talk = settings.multi_round;
  const double all = settings.duration.count() == 0
                         ? static_cast<double>(talk.users) * talk.rounds
                         : talk.qps * std::chrono::duration<double>(settings.duration).count();
  if (all > static_cast<double>(bench_requests_max)) {
    read.fail("these are more than " + std::to_string(bench_requests_max) +
              " questions; lower --users, --rounds, --qps or --duration");
  }
}

void check_together(bench_kind kind, const bench_flags& flags, bench_settings& settings,
                    flag_reader& read) {
  const auto given = [&](std::string_view name) { return is_given(kind, flags, name); };
  for (const std::string part : {"prompt", "system", "context", "question"}) {
    if (given("--" + part + "-bytes") && given("--" + part + "-tokens")) {
      read.fail("--" + part + "-bytes and --" + part + "-tokens say the same; give one of them");
    }
  }
  if (settings.timeout.count() == 0) read.fail("--timeout is 0; leave it out or give it a value");
  const bool header_is_one_word =
      settings.session_header.find_first_of(" :\r\n") == std::string::npos;
  if (!header_is_one_word) read.fail("--session-header is no name of a header");
  kind == bench_kind::load ? check_load(flags, settings, read) : check_multi_round(settings, read);
  if (settings.duration.count() > 0 && settings.warmup >= settings.duration) {
    read.fail("--warmup leaves nothing of --duration");
  }
}

}  // namespace

CLI::App* add_bench(CLI::App& app, bench_flag_sets& flags) {
  CLI::App* bench = app.add_subcommand("bench", "Measure any OpenAI-compatible endpoints");
  CLI::App* load = bench->add_subcommand("load", "Independent requests at a rate, or of a trace");
  add_kind(*load, bench_kind::load, flags.load);
  CLI::App* talk = bench->add_subcommand(
      "multi-round", "Users who ask, read the answer and ask again with all that was said");
  add_kind(*talk, bench_kind::multi_round, flags.multi_round);
  bench->require_subcommand(1);
  bench->footer(
      "Examples:\n"
      "  troupe bench load http://127.0.0.1:8000 --rate 20 --duration 60s\n"
      "  troupe bench multi-round ours=http://a:8000 theirs=http://b:8000 --users 48 --qps 20\n"
      "\n"
      "troupe bench load --help and troupe bench multi-round --help list the flags.");
  return bench;
}

caf::expected<bench_settings> bench_settings_of(bench_kind kind, const bench_flags& flags,
                                                const config::environment& variables) {
  bench_settings settings;
  settings.kind = kind;
  settings.stop_early = flags.stop_early;
  settings.insecure = flags.insecure;
  flag_reader read;
  take_targets(flags, settings, read);
  take_headers(flags, settings, read);
  const auto& all = bench_flags_of(kind);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].read(read, all[i].name, flags.texts.at(i), settings);
  }
  take_api_key(variables, settings, read);
  check_trust(settings, read);
  check_together(kind, flags, settings, read);
  if (caf::error error = read.error()) return error;
  return settings;
}

}  // namespace troupe::apps
