#include <algorithm>
#include <array>
#include <cstdio>

#include "apps/bench/report.hpp"

namespace troupe::apps::bench {

namespace {

constexpr double ms = 1e3;

template <class... Values>
std::string format(const char* form, Values... values) {
  std::array<char, 256> line{};
  const int length = std::snprintf(line.data(), line.size(), form, values...);
  return {line.data(), static_cast<std::size_t>(std::clamp(length, 0, 255))};
}

// Four digits or so: 0.123, 12.35, 123.5, 12345.
std::string number(double value) {
  const double size = value < 0 ? -value : value;
  const int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
  return format("%.*f", decimals, value);
}

std::string counted(std::uint64_t n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string length_text(const text_length& length) {
  return std::to_string(length.count) + (length.unit == length_unit::bytes ? " B" : " tokens");
}

std::string describe_load(const bench_settings& settings) {
  const load_settings& load = settings.load;
  if (!load.trace.empty()) {
    return "load: trace " + load.trace + " at speed " + number(load.speed) + ", lengths x " +
           number(load.length_scale);
  }
  const char* unit = load.prompt.unit() == length_unit::bytes ? " B" : " tokens";
  return "load: " + number(load.rate) + " requests/s (" +
         (load.arrivals == arrival_kind::fixed ? "fixed" : "poisson") + "), prompts of " +
         load.prompt.text() + unit + ", answers of " + load.answer.text() + " tokens";
}

std::string describe_multi_round(const bench_settings& settings) {
  const multi_round_settings& talk = settings.multi_round;
  return "multi-round: " + counted(talk.users, "user") + " x " + counted(talk.rounds, "round") +
         " at " + number(talk.qps) + " questions/s, system prompt " + length_text(talk.system) +
         ", own context " + length_text(talk.context) + ", questions " +
         length_text(talk.question) + ", answers " + counted(talk.answer_tokens, "token");
}

std::string head(const char* title) {
  return format("  %-24s %10s %10s %10s %10s %10s\n", title, "mean", "p50", "p90", "p99", "max");
}

std::string row(const char* name, const distribution& of, double unit) {
  return format("  %-24s %10s %10s %10s %10s %10s\n", name, number(of.mean * unit).c_str(),
                number(of.p50 * unit).c_str(), number(of.p90 * unit).c_str(),
                number(of.p99 * unit).c_str(), number(of.max * unit).c_str());
}

std::string times(double value, double first) {
  return first > 0 ? format("%.2fx", value / first) : "-";
}

std::string ratio_row(const distribution& of, const distribution& first) {
  return format("  %-24s %10s %10s %10s %10s %10s\n", "", times(of.mean, first.mean).c_str(),
                times(of.p50, first.p50).c_str(), times(of.p90, first.p90).c_str(),
                times(of.p99, first.p99).c_str(), times(of.max, first.max).c_str());
}

struct latency_row {
  const char* name;
  distribution figures::*of;
};

constexpr std::array<latency_row, 6> latency_rows{
    {{"TTFT", &figures::ttft_s},
     {"inter-token (ITL)", &figures::gap_s},
     {"end to end", &figures::end_to_end_s},
     {"TTFT from sending", &figures::sent_ttft_s},
     {"end to end from sending", &figures::sent_end_to_end_s},
     {"sent late", &figures::lateness_s}}};

std::string latencies(const figures& of, const figures* first) {
  std::string text = head("ms");
  for (const latency_row& each : latency_rows) {
    text += row(each.name, of.*each.of, ms);
    if (first != nullptr) text += ratio_row(of.*each.of, first->*each.of);
  }
  return text;
}

std::string rate(double value, double first, bool with_ratio) {
  return number(value) + (with_ratio ? " (" + times(value, first) + ")" : "");
}

std::string throughput(const figures& of, const figures* first) {
  const bool with = first != nullptr;
  const figures& base = with ? *first : of;
  return "  " + rate(of.requests_per_s, base.requests_per_s, with) + " requests/s, " +
         rate(of.answer_tokens_per_s, base.answer_tokens_per_s, with) + " answer tokens/s, " +
         rate(of.prompt_tokens_per_s, base.prompt_tokens_per_s, with) + " prompt tokens/s\n";
}

std::string cache_line(const figures& of) {
  if (of.cache_told == 0) return "  hit rate not told by any answer\n";
  return "  hit rate " + number(of.hit_rate) + " (" + std::to_string(of.cached_tokens) + " of " +
         std::to_string(of.prompt_tokens) + " prompt tokens cached; told by " +
         std::to_string(of.cache_told) + " of " + counted(of.answered, "answer") + ")\n";
}

std::string counts_line(const figures& of) {
  std::string text =
      "  " + std::to_string(of.answered) + " answered, " + std::to_string(of.failed) + " failed";
  if (of.unfinished > 0) text += ", " + std::to_string(of.unfinished) + " unfinished";
  text += " in " + number(of.seconds) + " s; at most " + std::to_string(of.under_way_max) +
          " under way";
  if (of.warmup_requests > 0) {
    text += "; " + counted(of.warmup_requests, "request") + " of the warm-up left out";
  }
  return text + "\n";
}

std::string failures(const figures& of) {
  std::string text;
  for (const auto& [kind, failure] : of.failures) {
    text += "  " + std::to_string(failure.count) + " " + kind + ": " + failure.example + "\n";
  }
  return text;
}

// How far the repeats lie apart.
std::string repeats_line(const endpoint_result& result) {
  if (result.runs.size() < 2) return {};
  std::string text = "  by repeat: TTFT mean ms";
  for (const run_result& run : result.runs) {
    text += " " + number(figures_of({&run, 1}).ttft_s.mean * ms);
  }
  return text + "\n";
}

std::string rounds_line(const figures& of) {
  if (of.rounds.size() < 2) return {};
  std::string ttfts = "  by round: TTFT mean ms", rates = "  by round: hit rate";
  for (const round_figures& each : of.rounds) {
    ttfts += " " + number(each.ttft_mean_s * ms);
    rates += " " + number(each.hit_rate);
  }
  return ttfts + "\n" + (of.cache_told > 0 ? rates + "\n" : "");
}

}  // namespace

std::string describe(const bench_settings& settings) {
  std::string text =
      settings.kind == bench_kind::load ? describe_load(settings) : describe_multi_round(settings);
  text += ", " + std::string{settings.api == api_kind::chat ? "chat" : "completions"};
  text += ", seed " + std::to_string(settings.seed);
  if (settings.repeats > 1) text += ", " + std::to_string(settings.repeats) + " repeats";
  return text;
}

std::string text_report(const bench_settings& settings,
                        const std::vector<endpoint_result>& results) {
  std::string text = describe(settings) + "\n";
  std::vector<figures> all;
  for (const endpoint_result& each : results) all.push_back(figures_of(each.runs));
  for (std::size_t i = 0; i < results.size(); ++i) {
    const figures* first = i == 0 ? nullptr : &all.front();
    text += "\n" + results[i].where.name + " (" + results[i].where.url + ", " + results[i].model +
            ")" + (i == 0 ? "" : ", and its ratio to " + results.front().where.name) + "\n";
    text += counts_line(all[i]) + failures(all[i]) + latencies(all[i], first);
    text += throughput(all[i], first) + cache_line(all[i]);
    text += rounds_line(all[i]) + repeats_line(results[i]);
  }
  return text;
}

std::string progress_text(const std::string& label, const run_progress& told, double elapsed_s) {
  return format("%s %6.1f s: %llu sent, %zu under way, %llu answered, %llu failed, TTFT mean %s ms",
                label.c_str(), elapsed_s, static_cast<unsigned long long>(told.sent),
                told.under_way, static_cast<unsigned long long>(told.answered),
                static_cast<unsigned long long>(told.failed),
                number(told.ttft_mean_s * ms).c_str());
}

}  // namespace troupe::apps::bench
