// The engine's publisher and the router's subscriber over loopback.
#include "engine/embedded/events/kv_event_publisher.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "transport/zmq/kv_event_subscriber.hpp"
#include "transport/zmq/message_socket.hpp"

namespace troupe::engine {
namespace {

using namespace transport::zmq;
using namespace std::chrono_literals;

constexpr std::uint32_t tokens_per_block = 4;

kv_events_config local_config() {
  kv_events_config config;
  config.enable_kv_cache_events = true;
  config.publisher = "zmq";
  config.endpoint = "tcp://127.0.0.1:0";
  config.replay_endpoint = "tcp://127.0.0.1:0";
  return config;
}

// A step that stores the block `number`.
kv_step step_of(std::uint64_t number) {
  kv_step step;
  step.unix_s = static_cast<double>(number);
  step.changes.push_back({kv_change::kind::stored, 1, std::nullopt, {}});
  step.hashes.push_back({0, number});
  step.tokens.assign(tokens_per_block, static_cast<std::int32_t>(number));
  return step;
}

// Collects what a subscriber is told, and waits for it.
class listener {
 public:
  kv_notice_sink sink() {
    return [this](kv_source_id id, kv_notice notice) {
      const std::lock_guard lock{mutex_};
      sources_.push_back(id);
      if (const auto* got = std::get_if<kv_batch_received>(&notice)) {
        seqs_.push_back(got->seq);
        numbers_.push_back(std::get<block_stored>(got->batch.events.at(0)).hashes.at(0).number);
      } else if (std::holds_alternative<kv_resync>(notice)) {
        reasons_.push_back(std::get<kv_resync>(notice).reason);
        seqs_.clear();
        numbers_.clear();
      } else if (std::holds_alternative<kv_caught_up>(notice)) {
        ++caught_up_;
        is_complete_ = std::get<kv_caught_up>(notice).is_complete;
      }
      told_.notify_all();
    };
  }

  // Returns false when it takes too long.
  bool wait(const std::function<bool(listener&)>& reached) {
    std::unique_lock lock{mutex_};
    return told_.wait_for(lock, 60s, [&] { return reached(*this); });
  }
  bool wait_for_batches(std::size_t count) {
    return wait([count](listener& l) { return l.seqs_.size() >= count; });
  }

  std::mutex mutex_;
  std::condition_variable told_;
  std::vector<kv_source_id> sources_;
  std::vector<std::uint64_t> seqs_;
  std::vector<std::uint64_t> numbers_;
  std::vector<resync_reason> reasons_;
  int caught_up_ = 0;
  bool is_complete_ = false;
};

std::unique_ptr<kv_event_publisher> made(const kv_events_config& config) {
  auto publisher = kv_event_publisher::make(config, tokens_per_block);
  EXPECT_TRUE(publisher) << failure_text(publisher.error());
  return std::move(*publisher);
}

kv_event_source source_of(const kv_event_publisher& publisher) {
  const auto& config = publisher.resolved();
  return {config.endpoint, config.replay_endpoint.value_or(""), config.topic};
}

// Publishes steps first to end - 1 and waits until each is sent, so that a replay asked for now
// holds them.
void publish_all(kv_event_publisher& publisher, std::uint64_t first, std::uint64_t end) {
  for (auto i = first; i < end; ++i) publisher.publish(step_of(i));
  while (publisher.counts().published < end) std::this_thread::yield();
}

std::vector<std::uint64_t> counted(std::uint64_t count) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

TEST(kv_event_publisher, a_late_consumer_hears_history_and_news_once_in_order) {
  for (const bool is_old : {false, true}) {
    auto config = local_config();
    config.topic = "kv@pod@model";
    if (is_old) config.form = kv_event_form::arrays;
    const auto publisher = made(config);
    EXPECT_FALSE(publisher->resolved().endpoint.ends_with(":0"));
    for (std::uint64_t i = 0; i < 100; ++i) publisher->publish(step_of(i));
    listener heard;
    kv_event_subscriber subscriber{heard.sink()};
    ASSERT_TRUE(subscriber.follow(source_of(*publisher)));
    ASSERT_TRUE(heard.wait([](listener& l) { return l.caught_up_ > 0; }));
    for (std::uint64_t i = 100; i < 200; ++i) publisher->publish(step_of(i));
    ASSERT_TRUE(heard.wait_for_batches(200));
    const std::lock_guard lock{heard.mutex_};
    EXPECT_EQ(heard.seqs_, counted(200));
    EXPECT_EQ(heard.numbers_, counted(200));
    EXPECT_TRUE(heard.reasons_.empty());
    EXPECT_TRUE(heard.is_complete_);
    EXPECT_EQ(publisher->counts().published, 200U);
  }
}

TEST(kv_event_publisher, a_consumer_told_only_of_the_end_knows_that_it_is_incomplete) {
  auto config = local_config();
  config.buffer_steps = 10;
  const auto publisher = made(config);
  publish_all(*publisher, 0, 50);
  listener heard;
  kv_event_subscriber subscriber{heard.sink()};
  ASSERT_TRUE(subscriber.follow(source_of(*publisher)));
  ASSERT_TRUE(heard.wait([](listener& l) { return l.caught_up_ > 0; }));
  const std::lock_guard lock{heard.mutex_};
  EXPECT_FALSE(heard.is_complete_);
  EXPECT_EQ(heard.seqs_.back(), 49U);
}

TEST(kv_event_publisher, a_restarted_publisher_is_noticed) {
  auto config = local_config();
  auto publisher = made(config);
  listener heard;
  kv_event_subscriber subscriber{heard.sink()};
  for (std::uint64_t i = 0; i < 5; ++i) publisher->publish(step_of(i));
  ASSERT_TRUE(subscriber.follow(source_of(*publisher)));
  ASSERT_TRUE(heard.wait_for_batches(5));
  config = publisher->resolved();  // the same ports again
  publisher.reset();
  // The old port may be taken for a moment longer.
  caf::expected<std::unique_ptr<kv_event_publisher>> again{caf::error{}};
  for (int tries = 0; tries < 1'000 && !again; ++tries) {
    again = kv_event_publisher::make(
        [&] {
          auto listening = config;
          listening.endpoint.replace(6, 9, "*");
          return listening;
        }(),
        tokens_per_block);
    std::this_thread::yield();
  }
  ASSERT_TRUE(again) << failure_text(again.error());
  for (std::uint64_t i = 100; i < 105; ++i) (*again)->publish(step_of(i));
  ASSERT_TRUE(
      heard.wait([](listener& l) { return l.numbers_.size() == 5 && l.numbers_[0] == 100; }));
  const std::lock_guard lock{heard.mutex_};
  EXPECT_EQ(heard.seqs_, counted(5));
  EXPECT_FALSE(heard.reasons_.empty());
}

TEST(kv_event_publisher, many_publishers_are_told_apart_and_can_be_forgotten) {
  const auto first = made(local_config());
  const auto second = made(local_config());
  listener heard;
  kv_subscriber_limits limits;
  limits.sources_max = 2;
  kv_event_subscriber subscriber{heard.sink(), limits};
  const auto one = subscriber.follow(source_of(*first));
  const auto two = subscriber.follow(source_of(*second));
  ASSERT_TRUE(one && two);
  EXPECT_NE(*one, *two);
  const auto third = subscriber.follow(source_of(*second));
  ASSERT_FALSE(third);
  EXPECT_EQ(failure_code(third.error(), errc::io_error), errc::overloaded);
  first->publish(step_of(1));
  second->publish(step_of(2));
  ASSERT_TRUE(heard.wait_for_batches(2));
  subscriber.forget(*one);
  {
    const std::lock_guard lock{heard.mutex_};
    heard.sources_.clear();
  }
  second->publish(step_of(3));
  ASSERT_TRUE(heard.wait_for_batches(3));
  const std::lock_guard lock{heard.mutex_};
  EXPECT_EQ(heard.sources_.back(), *two);
}

TEST(kv_event_publisher, what_does_not_fit_the_queue_is_a_gap_in_the_numbers) {
  auto config = local_config();
  config.max_queue_size = 1;
  const auto publisher = made(config);
  std::uint64_t i = 0;
  while (publisher->counts().dropped == 0 && i < 1'000'000) publisher->publish(step_of(i++));
  ASSERT_GT(publisher->counts().dropped, 0U);
  // Two steps may be on their way from before the drop; the third is behind it.
  const auto before = publisher->counts().published;
  while (publisher->counts().published < before + 3) publisher->publish(step_of(i++));
  listener heard;
  kv_event_subscriber subscriber{heard.sink()};
  ASSERT_TRUE(subscriber.follow(source_of(*publisher)));
  ASSERT_TRUE(heard.wait([](listener& l) { return l.caught_up_ > 0; }));
  const std::lock_guard lock{heard.mutex_};
  ASSERT_FALSE(heard.reasons_.empty());
  EXPECT_EQ(heard.reasons_.back(), resync_reason::gap);
  EXPECT_FALSE(heard.is_complete_);
  EXPECT_EQ(heard.seqs_, heard.numbers_) << "a number is the step's, dropped ones counted";
}

TEST(kv_event_publisher, frames_are_vllms) {
  auto config = local_config();
  config.topic = "t";
  const auto publisher = made(config);
  publisher->publish(step_of(0));
  publisher->publish(step_of(1));
  message_context context;
  auto dealer = message_socket::open(context, socket_kind::dealer);
  ASSERT_TRUE(dealer && dealer->connect(*publisher->resolved().replay_endpoint));
  socket_poll poll;
  poll.add(*dealer);
  std::vector<std::vector<std::string>> replies;
  // Malformed requests are passed over.
  dealer->send({"", "short"});
  dealer->send({sequence_frame(0)});
  // The publisher may not have sent both yet: ask until it has.
  do {
    replies.clear();
    ASSERT_TRUE(dealer->send({"", sequence_frame(0)}));
    do {
      poll.wait(60'000ms);
      auto reply = dealer->receive();
      ASSERT_TRUE(reply) << "no answer";
      replies.push_back(std::move(*reply));
    } while (replies.back().at(2) != sequence_frame(~0ULL));
  } while (replies.size() < 3);
  for (std::uint64_t seq = 0; seq < 2; ++seq) {
    EXPECT_EQ(replies[seq].size(), 4U);
    EXPECT_EQ(replies[seq][0], "");
    EXPECT_EQ(replies[seq][1], "t");
    EXPECT_EQ(replies[seq][2], sequence_frame(seq));
  }
  EXPECT_EQ(replies[2], (std::vector<std::string>{"", "", sequence_frame(~0ULL), ""}));
}

TEST(kv_event_publisher, an_address_it_cannot_have_is_an_error) {
  auto config = local_config();
  config.endpoint = "nonsense";
  const auto failed = kv_event_publisher::make(config, tokens_per_block);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failure_code(failed.error(), errc::timeout), errc::io_error);
  config = local_config();
  config.replay_endpoint = "tcp://256.0.0.1:0";
  EXPECT_FALSE(kv_event_publisher::make(config, tokens_per_block));
}

TEST(kv_event_subscriber, a_malformed_endpoint_is_an_error_of_follow) {
  listener heard;
  kv_event_subscriber subscriber{heard.sink()};
  EXPECT_FALSE(subscriber.follow({"nonsense", "", ""}));
  EXPECT_FALSE(subscriber.follow({"tcp://127.0.0.1:1", "nonsense", ""}));
}

TEST(kv_event_subscriber, names_of_any_host_become_the_engines_host) {
  EXPECT_EQ(reachable_endpoint("tcp://*:5557", "10.0.0.7"), "tcp://10.0.0.7:5557");
  EXPECT_EQ(reachable_endpoint("tcp://0.0.0.0:5557", "h"), "tcp://h:5557");
  EXPECT_EQ(reachable_endpoint("tcp://[::]:5557", "h"), "tcp://h:5557");
  EXPECT_EQ(reachable_endpoint("tcp://10.1.1.1:5557", "h"), "tcp://10.1.1.1:5557");
}

}  // namespace
}  // namespace troupe::engine
