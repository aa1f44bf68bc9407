#include "actors/engine_proxy/engine_gauges.hpp"

#include <string>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

constexpr std::string_view page =
    "# HELP vllm:num_requests_running Number of requests in model execution batches.\n"
    "# TYPE vllm:num_requests_running gauge\n"
    "vllm:num_requests_running{engine=\"0\",model_name=\"m\"} 3.0\n"
    "vllm:num_requests_running{engine=\"1\",model_name=\"m\"} 2.0\n"
    "vllm:num_requests_waiting{engine=\"0\",model_name=\"m\"} 7.0\n"
    "vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"m\"} 0.25\n"
    "vllm:cache_config_info{block_size=\"16\",cache_dtype=\"auto\",num_gpu_blocks=\"1000\"} 1.0\n"
    "vllm:prompt_tokens_total{engine=\"0\"} 1e9\n";

TEST(engine_gauges, sums_ranks_and_reads_capacity) {
  auto load = read_engine_gauges(page);
  EXPECT_EQ(load.running, 5U);
  EXPECT_EQ(load.waiting, 7U);
  EXPECT_DOUBLE_EQ(load.kv_usage, 0.25);
  EXPECT_EQ(load.kv_tokens_max, 16'000U);
}

TEST(engine_gauges, reads_the_older_gauge) {
  EXPECT_DOUBLE_EQ(read_engine_gauges("vllm:gpu_cache_usage_perc 0.5").kv_usage, 0.5);
}

TEST(engine_gauges, other_text_is_nothing) {
  EXPECT_EQ(read_engine_gauges("<html>not found</html>\n\n#\n{} 1\nname_alone\nx{\n"),
            engine_gauges{});
}

TEST(engine_gauges, absurd_numbers_do_no_harm) {
  auto load = read_engine_gauges(
      "vllm:num_requests_running 1e300\nvllm:num_requests_waiting -4\n"
      "vllm:kv_cache_usage_perc 17\nvllm:cache_config_info{block_size=\"99999999999\","
      "num_gpu_blocks=\"99999999999\"} 1\nvllm:num_requests_waiting nan\n");
  EXPECT_EQ(load.running, 4294967295U);
  EXPECT_EQ(load.waiting, 0U);
  EXPECT_DOUBLE_EQ(load.kv_usage, 1.0);
  EXPECT_EQ(load.kv_tokens_max, 0U);
}

TEST(engine_gauges, any_prefix_of_a_page_is_read_without_harm) {
  for (std::size_t cut = 0; cut < page.size(); ++cut) {
    EXPECT_LE(read_engine_gauges(page.substr(0, cut)).running, 5U);
  }
}

}  // namespace
}  // namespace troupe::actors
