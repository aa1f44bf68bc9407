#include "apps/bench/report.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/bench/svg_canvas.hpp"

namespace troupe::apps::bench {
namespace {

using namespace std::chrono_literals;
using json = nlohmann::json;

// 100 requests, one each 100 ms, whose first token takes `ttft` and the rest 100 ms more.
run_result steady_run(std::chrono::milliseconds ttft) {
  run_result run;
  for (int i = 0; i < 100; ++i) {
    request_record record;
    record.due = record.sent = 100ms * i;
    record.first = record.due + ttft;
    record.last = record.ended = record.first + 100ms;
    record.round = static_cast<std::uint32_t>(i % 2);
    record.pieces = 5;
    record.usage = {100, 75, 5, true, true};
    record.fate = request_fate::answered;
    run.records.push_back(record);
    for (int piece = 1; piece < 5; ++piece) run.gaps_s.add(0.025);
  }
  run.under_way_max = 3;
  return run;
}

std::vector<endpoint_result> two_results() {
  std::vector<endpoint_result> results(2);
  results[0].where = *parse_target("fast=http://a:1");
  results[1].where = *parse_target("slow=http://b:2");
  for (auto& each : results) each.model = "m";
  results[0].runs = {steady_run(20ms), steady_run(20ms)};
  results[1].runs = {steady_run(50ms), steady_run(50ms)};
  request_record failed;
  failed.fate = request_fate::failed;
  results[1].runs[0].records.push_back(failed);
  results[1].runs[0].failures["http_503"] = {1, "no <engine> & no \"hope\""};
  return results;
}

bench_settings settings_of(bench_kind kind) {
  bench_settings settings;
  settings.kind = kind;
  settings.repeats = 2;
  return settings;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(text_report, shows_figures_and_ratios) {
  const std::string text = text_report(settings_of(bench_kind::multi_round), two_results());
  EXPECT_TRUE(has(text, "multi-round: 20 users x 5 rounds")) << text;
  EXPECT_TRUE(has(text, "\nfast (http://a:1, m)\n")) << text;
  EXPECT_TRUE(has(text, "\nslow (http://b:2, m), and its ratio to fast\n")) << text;
  EXPECT_TRUE(has(text, "  TTFT                          20.00      20.00")) << text;
  EXPECT_TRUE(has(text, "2.50x      2.50x")) << text;
  EXPECT_TRUE(has(text, "  200 answered, 1 failed in ")) << text;
  EXPECT_TRUE(has(text, "1 http_503: no <engine>")) << text;
  EXPECT_TRUE(has(text, "hit rate 0.750")) << text;
  EXPECT_TRUE(has(text, "told by 200 of 200 answers")) << text;
  EXPECT_TRUE(has(text, "by round: TTFT mean ms 20.00 20.00")) << text;
  EXPECT_TRUE(has(text, "by repeat: TTFT mean ms 50.00 50.00")) << text;
}

TEST(text_report, says_when_no_answer_told_its_cached_tokens) {
  auto results = two_results();
  for (auto& result : results) {
    for (auto& run : result.runs) {
      for (auto& record : run.records) record.usage.is_cache_told = false;
    }
  }
  EXPECT_TRUE(has(text_report(settings_of(bench_kind::load), results), "hit rate not told"));
  const auto report = json::parse(json_report(settings_of(bench_kind::load), results));
  EXPECT_TRUE(report["endpoints"][0]["all"]["cache"]["hit_rate"].is_null());
}

TEST(text_report, describes_every_kind_of_load) {
  auto settings = settings_of(bench_kind::load);
  EXPECT_TRUE(has(describe(settings), "1.000 requests/s (poisson), prompts of 512 tokens"));
  settings.load.trace = "t.csv";
  EXPECT_TRUE(has(describe(settings), "trace t.csv at speed 1.000"));
}

TEST(text_report, has_a_line_of_progress) {
  const std::string line = progress_text("fast 1/2", {10, 7, 1, 2, 0.0125}, 3.25);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  for (const char* part :
       {"fast 1/2", "10 sent", "2 under way", "7 answered", "1 failed", "12.50"}) {
    EXPECT_TRUE(has(line, part)) << line;
  }
}

TEST(json_report, holds_all_figures_of_all_runs) {
  const auto report = json::parse(json_report(settings_of(bench_kind::multi_round), two_results()));
  EXPECT_EQ(report["benchmark"], "multi-round");
  EXPECT_EQ(report["workload"]["users"], 20);
  EXPECT_EQ(report["workload"]["system"]["tokens"], 1000);
  ASSERT_EQ(report["endpoints"].size(), 2u);
  const auto& slow = report["endpoints"][1];
  EXPECT_EQ(slow["name"], "slow");
  ASSERT_EQ(slow["runs"].size(), 2u);
  EXPECT_EQ(slow["runs"][0]["failed"], 1);
  EXPECT_EQ(slow["runs"][1]["failed"], 0);
  EXPECT_EQ(slow["all"]["failures"]["http_503"]["count"], 1);
  EXPECT_EQ(slow["all"]["answered"], 200);
  for (const char* name : {"ttft_ms", "itl_ms", "end_to_end_ms", "sent_late_ms",
                           "ttft_from_sending_ms", "time_per_token_ms"}) {
    for (const char* part : {"mean", "p50", "p90", "p99", "max", "count"}) {
      EXPECT_TRUE(slow["all"][name][part].is_number()) << name << " " << part;
    }
  }
  EXPECT_NEAR(slow["all"]["ttft_ms"]["mean"].get<double>(), 50, 1e-6);
  EXPECT_NEAR(slow["all"]["itl_ms"]["p50"].get<double>(), 25, 1e-6);
  EXPECT_NEAR(slow["all"]["cache"]["hit_rate"].get<double>(), 0.75, 1e-9);
  EXPECT_NEAR(slow["ratio_to_first"]["ttft_mean"].get<double>(), 2.5, 1e-6);
  EXPECT_FALSE(report["endpoints"][0].contains("ratio_to_first"));
  EXPECT_EQ(slow["all"]["rounds"].size(), 2u);
}

TEST(json_report, of_a_load_says_its_lengths) {
  auto settings = settings_of(bench_kind::load);
  settings.load.prompt = *length_distribution::parse("10-20", length_unit::bytes);
  auto report = json::parse(json_report(settings, two_results()));
  EXPECT_EQ(report["workload"]["prompt"]["bytes"], "10-20");
  settings.load.trace = "t";
  report = json::parse(json_report(settings, two_results()));
  EXPECT_EQ(report["workload"]["trace"], "t");
}

TEST(svg_report, draws_both_endpoints_and_escapes_their_names) {
  auto results = two_results();
  results[0].where.name = "a<b>&c";
  const std::string svg = svg_report(settings_of(bench_kind::load), results);
  EXPECT_TRUE(svg.starts_with("<svg ")) << svg.substr(0, 100);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_TRUE(has(svg, "a&lt;b&gt;&amp;c: TTFT mean 20.0"));
  EXPECT_TRUE(has(svg, "slow: TTFT mean 50.0, p50 50.0, p99 50.0 ms, hit rate 0.75, 1 failed"));
  EXPECT_TRUE(has(svg, "#0072B2"));
  EXPECT_TRUE(has(svg, "stroke-dasharray"));
  EXPECT_FALSE(has(svg, "nan"));
  EXPECT_FALSE(has(svg, "inf"));
  EXPECT_LT(svg.size(), 200'000u);
}

TEST(svg_report, breaks_a_long_description_into_lines) {
  const auto settings = settings_of(bench_kind::multi_round);
  const std::string all = describe(settings);
  ASSERT_GT(all.size(), 140u);
  const std::string svg = svg_report(settings, two_results());
  EXPECT_FALSE(has(svg, all));
  const auto cut = all.rfind(", ", 138) + 2;
  EXPECT_TRUE(has(svg, ">" + all.substr(0, cut) + "</text>")) << svg.substr(0, 900);
  EXPECT_TRUE(has(svg, ">" + all.substr(cut) + "</text>"));
}

TEST(svg_report, stays_small_and_sound_for_any_number_of_requests) {
  auto results = two_results();
  results.resize(1);
  auto& records = results[0].runs[0].records;
  while (records.size() < 50'000)
    records.insert(records.end(), records.begin(), records.begin() + 100);
  EXPECT_LT(svg_report(settings_of(bench_kind::load), results).size(), 300'000u);
  records.clear();
  results[0].runs.resize(1);
  const std::string none = svg_report(settings_of(bench_kind::load), results);
  EXPECT_FALSE(has(none, "nan"));
  EXPECT_TRUE(has(none, "Distribution of TTFT"));
}

TEST(axis, marks_round_values_within_its_span) {
  const axis line = axis::linear({0, 14.4}, {100, 500});
  const auto marks = line.ticks();
  ASSERT_GE(marks.size(), 5u);
  EXPECT_EQ(marks.front().label, "0");
  EXPECT_EQ(marks[1].label, "2");
  EXPECT_DOUBLE_EQ(line.place(7.2), 300);
  EXPECT_DOUBLE_EQ(line.place(99), 500);
  const axis log = axis::logarithmic({13, 420}, {0, 100});
  EXPECT_EQ(log.ticks().front().label, "10");
  EXPECT_EQ(log.ticks().back().label, "500");
  EXPECT_NEAR(log.place(std::sqrt(10.0 * 500)), 50, 1e-9);
  EXPECT_GE(axis::logarithmic({5, 5}, {0, 1}).ticks().size(), 2u);
  EXPECT_LE(axis::logarithmic({0.001, 1e6}, {0, 1}).ticks().size(), 12u);
}

}  // namespace
}  // namespace troupe::apps::bench
