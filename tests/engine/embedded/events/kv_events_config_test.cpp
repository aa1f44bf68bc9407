#include "engine/embedded/events/kv_events_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::engine {
namespace {

using testing::HasSubstr;

std::string fault_of(std::string_view json) {
  const auto config = read_kv_events_config(json);
  if (config) return "no error";
  EXPECT_EQ(failure_code(config.error(), errc::io_error), errc::invalid_config);
  return failure_text(config.error());
}

TEST(kv_events_config, has_vllms_defaults) {
  const auto config = read_kv_events_config("{}");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->is_on());
  EXPECT_EQ(config->publisher, "null");
  EXPECT_EQ(config->endpoint, "tcp://*:5557");
  EXPECT_FALSE(config->replay_endpoint);
  EXPECT_EQ(config->buffer_steps, 10'000U);
  EXPECT_EQ(config->hwm, 100'000U);
  EXPECT_EQ(config->max_queue_size, 100'000U);
  EXPECT_EQ(config->topic, "");
  EXPECT_EQ(config->hashes, kv_hash_form::numbers);
}

TEST(kv_events_config, reads_every_field) {
  const auto config = read_kv_events_config(
      R"({"enable_kv_cache_events":true,"publisher":"zmq","endpoint":"tcp://127.0.0.1:0",
          "replay_endpoint":"tcp://127.0.0.1:0","buffer_steps":5,"hwm":6,"max_queue_size":7,
          "topic":"kv","event_form":"arrays","hash_form":"bytes","announce_reused":true,
          "clear_at_once":true})");
  ASSERT_TRUE(config) << failure_text(config.error());
  EXPECT_TRUE(config->is_on());
  EXPECT_EQ(config->replay_endpoint, "tcp://127.0.0.1:0");
  EXPECT_EQ(config->buffer_steps, 5U);
  EXPECT_EQ(config->hwm, 6U);
  EXPECT_EQ(config->max_queue_size, 7U);
  EXPECT_EQ(config->topic, "kv");
  EXPECT_EQ(config->form, transport::zmq::kv_event_form::arrays);
  EXPECT_EQ(config->hashes, kv_hash_form::bytes);
  EXPECT_TRUE(config->habits.announces_reused && config->habits.clears_at_once);
}

TEST(kv_events_config, enabling_alone_publishes) {
  EXPECT_TRUE(read_kv_events_config(R"({"enable_kv_cache_events":true})")->is_on());
  EXPECT_TRUE(
      read_kv_events_config(R"({"enable_kv_cache_events":true,"replay_endpoint":null})")->is_on());
  EXPECT_FALSE(
      read_kv_events_config(R"({"enable_kv_cache_events":true,"publisher":"null"})")->is_on());
}

TEST(kv_events_config, mistakes_name_the_field) {
  EXPECT_THAT(fault_of("[1]"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(fault_of("{"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(fault_of(R"({"endpoints":""})"), HasSubstr("endpoints: no such field"));
  EXPECT_THAT(fault_of(R"({"publisher":"kafka"})"), HasSubstr("publisher: expected \"null\""));
  EXPECT_THAT(fault_of(R"({"endpoint":5})"), HasSubstr("endpoint: expected text"));
  EXPECT_THAT(fault_of(R"({"buffer_steps":0})"), HasSubstr("buffer_steps: expected a number"));
  EXPECT_THAT(fault_of(R"({"hwm":-1})"), HasSubstr("hwm: expected a number"));
  EXPECT_THAT(fault_of(R"({"max_queue_size":1e9})"), HasSubstr("max_queue_size"));
  EXPECT_THAT(fault_of(R"({"enable_kv_cache_events":1})"), HasSubstr("expected true or false"));
  EXPECT_THAT(fault_of(R"({"hash_form":"sha"})"), HasSubstr("hash_form: expected \"int\""));
}

TEST(kv_events_config, sources_are_listed_by_rank_as_vllm_does) {
  EXPECT_EQ(kv_event_sources_body(nullptr), "{}");
  auto config =
      *read_kv_events_config(R"({"enable_kv_cache_events":true,"endpoint":"tcp://*:45663"})");
  EXPECT_EQ(kv_event_sources_body(&config),
            R"({"0":{"enable_kv_cache_events":true,"publisher":"zmq","endpoint":"tcp://*:45663",)"
            R"("replay_endpoint":null,"buffer_steps":10000,"hwm":100000,"max_queue_size":100000,)"
            R"("topic":""}})");
  config.replay_endpoint = "tcp://*:1";
  EXPECT_THAT(kv_event_sources_body(&config), HasSubstr(R"("replay_endpoint":"tcp://*:1")"));
}

}  // namespace
}  // namespace troupe::engine
