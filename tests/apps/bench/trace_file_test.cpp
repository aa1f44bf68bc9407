#include "apps/bench/trace_file.hpp"

#include <gtest/gtest.h>

#include "apps/bench/trace_workload.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps::bench {
namespace {

using namespace std::chrono_literals;

std::vector<trace_request> parsed(const std::string& text) {
  auto trace = parse_trace(text, "t");
  EXPECT_TRUE(trace) << (trace ? "" : failure_text(trace.error()));
  return trace ? std::move(*trace) : std::vector<trace_request>{};
}

std::string mistake_of(const std::string& text) {
  const auto trace = parse_trace(text, "t");
  EXPECT_FALSE(trace) << text;
  if (trace) return {};
  EXPECT_EQ(failure_code(trace.error(), errc::io_error), errc::malformed_file);
  return failure_text(trace.error());
}

TEST(trace_file, reads_csv_with_times_of_the_clock) {
  const auto trace = parsed(
      "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
      "2023-11-16 18:15:46.6805900,374,44\r\n"
      "2023-11-16 18:15:50.9951690,396,109\n"
      "2023-11-17 00:00:00,1,0");
  ASSERT_EQ(trace.size(), 3u);
  EXPECT_EQ(trace[0].at, 0ns);
  EXPECT_EQ(trace[0].prompt_tokens, 374u);
  EXPECT_EQ(trace[0].answer_tokens, 44u);
  EXPECT_EQ(trace[1].at, 4s + 314'579'000ns);
  EXPECT_EQ(trace[2].at, 5h + 44min + 13s + 319'410'000ns);
  EXPECT_TRUE(trace[2].blocks.empty());
}

TEST(trace_file, finds_its_columns_among_others_and_puts_times_in_order) {
  const auto trace = parsed(
      "id,GeneratedTokens,TIMESTAMP,ContextTokens\n"
      "a,1,2024-03-01T00:00:10,10\n"
      "b,2,2024-02-29T23:59:58,20\n");
  ASSERT_EQ(trace.size(), 2u);
  EXPECT_EQ(trace[0].prompt_tokens, 20u);
  EXPECT_EQ(trace[1].at, 12s);
}

TEST(trace_file, reads_json_lines_with_blocks) {
  const auto trace = parsed(
      R"({"timestamp": 3000, "input_length": 1025, "output_length": 5, "hash_ids": [0, 1, 9]})"
      "\n\n"
      R"({"timestamp": 3500.5, "input_length": 7, "output_length": 6})");
  ASSERT_EQ(trace.size(), 2u);
  EXPECT_EQ(trace[0].at, 0ns);
  EXPECT_EQ(trace[0].blocks, (std::vector<std::uint32_t>{0, 1, 9}));
  EXPECT_EQ(trace[1].at, 500'500us);
  EXPECT_TRUE(trace[1].blocks.empty());
}

TEST(trace_file, names_the_line_of_a_mistake) {
  const std::string head = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  EXPECT_EQ(mistake_of(head + "2023-11-16 18:15:46,1,2\n2023-11-16,1,2\n"),
            "t:3: TIMESTAMP is '2023-11-16'; expected YYYY-MM-DD HH:MM:SS.fraction");
  EXPECT_EQ(mistake_of(head + "2023-11-16 18:15:46,1\n"), "t:2: has 2 fields, the header 3");
  EXPECT_EQ(mistake_of(head + "2023-11-16 18:15:46,1,-2\n"),
            "t:2: GeneratedTokens is no whole number from 0 to 2000000");
  EXPECT_EQ(mistake_of(head), "t:1: the file holds no request");
  EXPECT_NE(mistake_of("a,b\n1,2\n").find("t:1: no trace"), std::string::npos);
  EXPECT_EQ(mistake_of("{\"timestamp\": 0, \"input_length\": 1}"),
            "t:1: output_length is no whole number from 0 to 2000000");
  EXPECT_EQ(mistake_of("{\"timestamp\": -1}"), "t:1: timestamp is no number of milliseconds");
  EXPECT_EQ(mistake_of("{nonsense"), "t:1: is no JSON object");
  const std::string begin = R"({"timestamp":0,"input_length":600,"output_length":1,"hash_ids":)";
  EXPECT_EQ(mistake_of(begin + "[1]}"),
            "t:1: hash_ids has 1 ids for 600 tokens; expected one for each 512");
  EXPECT_NE(mistake_of(begin + "[1,-1]}").find("whole numbers"), std::string::npos);
  EXPECT_EQ(mistake_of(begin + "7}"), "t:1: hash_ids is no list");
}

TEST(trace_file, refuses_times_that_do_not_exist) {
  const std::string head = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  for (const char* time :
       {"2023-02-29 00:00:00", "2023-13-01 00:00:00", "2023-01-01 24:00:00", "2023-01-01 00:60:00",
        "2023-01-01 00:00:00.", "2023-01-01 00:00:00.x", "2023-01-01 00:00:00.1234567890",
        "2023-01-01_00:00:00", "1677-01-01 00:00:00", "1969-12-31 23:59:59", "2262-01-01 00:00:00",
        "9999-12-31 00:00:00", "0000-01-01 00:00:00"}) {
    EXPECT_NE(mistake_of(head + time + ",1,1\n").find("TIMESTAMP is"), std::string::npos) << time;
  }
}

TEST(trace_file, refuses_a_timestamp_that_overflows_in_nanoseconds) {
  const auto line = [](const char* timestamp) {
    return R"({"input_length":1,"output_length":1,"timestamp":)" + std::string{timestamp} + "}";
  };
  EXPECT_EQ(parsed(line("8.9e12")).size(), 1u);
  EXPECT_NE(mistake_of(line("9e12")).find("timestamp is no number"), std::string::npos);
  EXPECT_NE(mistake_of(line("9e14")).find("timestamp is no number"), std::string::npos);
}

TEST(trace_file, that_is_not_there_says_so) {
  const auto trace = read_trace("/no/such/trace.csv");
  ASSERT_FALSE(trace);
  EXPECT_EQ(failure_text(trace.error()), "/no/such/trace.csv: cannot be read");
}

std::shared_ptr<const std::vector<trace_request>> shared(std::vector<trace_request> requests) {
  return std::make_shared<const std::vector<trace_request>>(std::move(requests));
}

TEST(trace_workload, repeats_what_prompts_had_in_common) {
  const auto trace =
      shared({{0ms, 1'200, 50, {1, 2, 3}}, {10ms, 1'024, 9, {1, 2}}, {30ms, 1'024, 1, {2, 1}}});
  trace_workload play{trace, {2, 1, 0}, 1, {4, 0}};
  EXPECT_EQ(play.next_due(), 0ns);
  const auto first = play.take();
  EXPECT_EQ(play.next_due(), 5ms);
  const auto second = play.take(), third = play.take();
  EXPECT_FALSE(play.next_due());
  EXPECT_EQ(first.messages.at(0).text->size(), 4'800u);
  EXPECT_EQ(second.messages.at(0).text->size(), 4'096u);
  EXPECT_EQ(first.messages[0].text->substr(0, 4'096), *second.messages[0].text);
  EXPECT_EQ(third.messages[0].text->substr(0, 2'048), second.messages[0].text->substr(2'048));
  EXPECT_EQ(first.answer_tokens, 50u);
  EXPECT_EQ(third.due, 15ms);
}

TEST(trace_workload, scales_lengths_and_ends_where_told) {
  const auto trace = shared({{0ms, 512, 50, {1}}, {1ms, 100, 3, {}}, {2ms, 100, 3, {}}});
  trace_workload play{trace, {1, 0.1, 2}, 1, {5, 0}};
  EXPECT_EQ(play.take().messages.at(0).text->size(), 255u);  // 51 tokens
  const auto second = play.take();
  EXPECT_EQ(second.messages.at(0).text->size(), 50u);
  EXPECT_EQ(second.answer_tokens, 1u);
  EXPECT_FALSE(play.next_due());
}

}  // namespace
}  // namespace troupe::apps::bench
