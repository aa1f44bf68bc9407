#include "apps/cli_bench_flags.hpp"

#include <array>
#include <charconv>

#include "config/mistake.hpp"

namespace troupe::apps {

namespace {

using bench::bench_kind;
using bench::bench_settings;
using bench::length_unit;
using bench::text_length;

constexpr double rate_max = 100'000;

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return value;
}

void refuse(flag_reader& read, const char* flag, const std::string& text,
            const std::string& wanted) {
  read.fail(std::string{flag} + " is " + config::quote(text) + "; expected " + wanted);
}

// A flag for a whole number.
template <class Member>
bench_flag count_flag(const char* name, const char* help, config::range allowed, Member member) {
  return {name, "N", help,
          [=](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
            r.count(flag, text, allowed, member(s));
          }};
}

// A flag for a number above 0, such as a rate.
template <class Member>
bench_flag number_flag(const char* name, const char* help, double most, Member member) {
  return {name, "X", help,
          [=](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
            if (!text) return;
            const auto value = number_of(*text);
            if (value && *value > 0 && *value <= most) {
              member(s) = *value;
            } else {
              refuse(r, flag, *text,
                     "a number above 0 and at most " +
                         std::to_string(static_cast<std::uint64_t>(most)));
            }
          }};
}

template <class Member>
bench_flag duration_flag(const char* name, const char* help, Member member) {
  return {name, "DURATION", help,
          [=](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
            r.duration(flag, text, member(s));
          }};
}

bench_flag text_flag(const char* name, const char* type, const char* help,
                     std::string bench_settings::*member) {
  return {name, type, help,
          [=](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
            r.text(flag, text, s.*member);
          }};
}

// Flags for a length, in bytes and in tokens; 0 is none.
template <class Member>
void add_length_flags(std::vector<bench_flag>& flags, std::array<const char*, 2> names,
                      std::array<const char*, 2> help, Member member) {
  flags.push_back({names[0], "SIZE", help[0],
                   [=](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
                     if (!text) return;
                     text_length length{0, length_unit::bytes};
                     r.bytes(flag, text, {0, bench::length_max}, length.count);
                     member(s) = length;
                   }});
  flags.push_back({names[1], "N", help[1],
                   [=](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
                     if (!text) return;
                     text_length length{0, length_unit::tokens};
                     r.count(flag, text, {0, bench::length_max}, length.count);
                     member(s) = length;
                   }});
}

template <class Member>
bench_flag distribution_flag(const char* name, const char* help, length_unit unit, Member member) {
  return {name, "LENGTH", help,
          [=](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
            if (!text) return;
            const auto value = bench::length_distribution::parse(*text, unit);
            if (value) {
              member(s) = *value;
            } else {
              refuse(r, flag, *text,
                     "a length N, MIN-MAX, exponential:MEAN or lognormal:MEDIAN,SIGMA, each at "
                     "least 1");
            }
          }};
}

template <class Member>
bench_flag arrivals_flag(Member member) {
  return {"--arrivals", "KIND", "poisson (at random) or fixed (at even steps) [poisson]",
          [=](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
            r.choice(flag, text, {"poisson", "fixed"}, member(s));
          }};
}

void read_errors_max(flag_reader& read, const char* flag, const flag_text& text,
                     bench_settings& settings) {
  if (!text) return;
  std::string_view digits = *text;
  const bool is_share = digits.ends_with('%');
  if (is_share) digits.remove_suffix(1);
  const auto value = number_of(digits);
  const bool whole = value && *value == static_cast<double>(static_cast<std::uint64_t>(*value));
  if (!value || *value < 0 || (is_share ? *value > 100 : !whole || *value > 1e6)) {
    return refuse(read, flag, *text, "a number of requests, or a share of them such as 1%");
  }
  settings.errors_max = {is_share ? *value / 100 : *value, is_share};
}

std::vector<bench_flag> load_flags() {
  std::vector<bench_flag> flags;
  flags.push_back(number_flag(
      "--rate", "Requests a second [1]", rate_max, [](auto& s) -> auto& { return s.load.rate; }));
  flags.push_back(arrivals_flag([](auto& s) -> auto& { return s.load.arrivals; }));
  flags.push_back(distribution_flag(
      "--prompt-tokens", "Tokens of a prompt [512]", length_unit::tokens,
      [](auto& s) -> auto& { return s.load.prompt; }));
  flags.push_back(distribution_flag(
      "--prompt-bytes", "Bytes of a prompt, instead", length_unit::bytes,
      [](auto& s) -> auto& { return s.load.prompt; }));
  flags.push_back(distribution_flag(
      "--answer-tokens", "Tokens of an answer [128]", length_unit::tokens,
      [](auto& s) -> auto& { return s.load.answer; }));
  add_length_flags(
      flags, {"--system-bytes", "--system-tokens"},
      {"System prompt that all requests share [0]", "The same in tokens"},
      [](auto& s) -> auto& { return s.load.system; });
  flags.push_back({"--trace", "FILE",
                   "Replay a trace instead: CSV as Azure's, JSON lines as Mooncake's",
                   [](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
                     r.text(flag, text, s.load.trace);
                   }});
  flags.push_back(number_flag(
      "--speed", "Speed of the trace; 2 plays it in half its time [1]", 1'000,
      [](auto& s) -> auto& { return s.load.speed; }));
  flags.push_back(number_flag(
      "--length-scale", "Factor to the token counts of the trace [1]", 100,
      [](auto& s) -> auto& { return s.load.length_scale; }));
  return flags;
}

std::vector<bench_flag> multi_round_flags() {
  std::vector<bench_flag> flags;
  flags.push_back(count_flag(
      "--users", "Users at a time [20]", {1, 100'000},
      [](auto& s) -> auto& { return s.multi_round.users; }));
  flags.push_back(count_flag(
      "--rounds", "Questions of each user [5]", {1, 10'000},
      [](auto& s) -> auto& { return s.multi_round.rounds; }));
  flags.push_back(number_flag(
      "--qps", "Questions a second, of all users together [1]", rate_max,
      [](auto& s) -> auto& { return s.multi_round.qps; }));
  flags.push_back(number_flag(
      "--join-rate", "Users that join a second [the value of --qps]", rate_max,
      [](auto& s) -> auto& { return s.multi_round.join_rate; }));
  flags.push_back(arrivals_flag([](auto& s) -> auto& { return s.multi_round.arrivals; }));
  add_length_flags(
      flags, {"--system-bytes", "--system-tokens"},
      {"System prompt that all users share", "The same in tokens [1000]"},
      [](auto& s) -> auto& { return s.multi_round.system; });
  add_length_flags(
      flags, {"--context-bytes", "--context-tokens"},
      {"Each user's own context, before its first question", "The same in tokens [2000]"},
      [](auto& s) -> auto& { return s.multi_round.context; });
  add_length_flags(
      flags, {"--question-bytes", "--question-tokens"},
      {"Length of a question [100]", "The same in tokens"},
      [](auto& s) -> auto& { return s.multi_round.question; });
  flags.push_back(count_flag(
      "--answer-tokens", "Tokens of an answer (max_tokens) [100]", {1, 1'000'000},
      [](auto& s) -> auto& { return s.multi_round.answer_tokens; }));
  flags.push_back(text_flag("--session-header", "NAME",
                            "Send this header with a value of each user's own [none]",
                            &bench_settings::session_header));
  return flags;
}

void add_run_flags(std::vector<bench_flag>& flags) {
  flags.push_back(
      text_flag("--model", "NAME", "The model [the first of /v1/models]", &bench_settings::model));
  flags.push_back(text_flag("--api-key", "TEXT",
                            "Shown to every endpoint; better in the environment [OPENAI_API_KEY]",
                            &bench_settings::api_key));
  flags.push_back(text_flag("--ca", "FILE",
                            "PEM file of the authorities of https endpoints [the system's]",
                            &bench_settings::ca));
  flags.push_back({"--api", "KIND", "chat or completions [chat]",
                   [](flag_reader& r, const char* flag, const flag_text& text, bench_settings& s) {
                     r.choice(flag, text, {"chat", "completions"}, s.api);
                   }});
  flags.push_back(count_flag(
      "--seed", "Seed of schedule and texts [1]", {0, ~std::uint64_t{0}},
      [](auto& s) -> auto& { return s.seed; }));
  flags.push_back(count_flag(
      "--repeats", "Times each endpoint is measured [1]", {1, 1'000},
      [](auto& s) -> auto& { return s.repeats; }));
  flags.push_back(duration_flag(
      "--duration", "Send nothing that is due later than this",
      [](auto& s) -> auto& { return s.duration; }));
  flags.push_back(duration_flag(
      "--warmup", "Leave out of the figures what is due earlier [0s]",
      [](auto& s) -> auto& { return s.warmup; }));
  flags.push_back(count_flag(
      "--connections",
      "Requests under way at most; others wait, and their wait counts "
      "[1000]",
      {1, 100'000}, [](auto& s) -> auto& { return s.connections_max; }));
  flags.push_back(duration_flag(
      "--timeout", "Give up an answer that is silent for so long [5m]",
      [](auto& s) -> auto& { return s.timeout; }));
  flags.push_back({"--bytes-per-token", "X", "Bytes of text that make a token [the endpoint's]",
                   number_flag(
                       "", "", 1'000, [](auto& s) -> auto& { return s.bytes_per_token; })
                       .read});
}

void add_report_flags(std::vector<bench_flag>& flags) {
  flags.push_back({"--errors-max", "N", "Requests that may fail, as a number or a share: 1% [0]",
                   read_errors_max});
  flags.push_back(text_flag("--json", "FILE", "Write all figures", &bench_settings::json_file));
  flags.push_back(text_flag("--svg", "FILE", "Draw TTFT: its distribution, and over time",
                            &bench_settings::svg_file));
}

}  // namespace

const std::vector<bench_flag>& bench_flags_of(bench_kind kind) {
  const auto make = [](std::vector<bench_flag> flags, bool has_requests) {
    if (has_requests) {
      flags.push_back(count_flag(
          "--requests", "Send no more than so many", {1, bench_requests_max},
          [](auto& s) -> auto& { return s.requests_max; }));
    }
    add_run_flags(flags);
    add_report_flags(flags);
    return flags;
  };
  static const std::vector<bench_flag> load = make(load_flags(), true);
  static const std::vector<bench_flag> multi_round = make(multi_round_flags(), false);
  return kind == bench_kind::load ? load : multi_round;
}

}  // namespace troupe::apps
