#include "transport/zmq/kv_event_codec.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transport/zmq/msgpack_writer.hpp"

namespace troupe::transport::zmq {
namespace {

using testing::HasSubstr;

block_stored stored() {
  block_stored event;
  event.hashes = {{~0ULL, ""}, {7, ""}};
  event.parent = block_hash{3, ""};
  event.token_ids = {1, 2, 3, 4'000'000'000U};
  event.block_size = 2;
  event.medium = "GPU";
  event.extra_keys = {{{"salt", {}}, {"image", 5}}, {}};
  return event;
}

kv_event_batch sample() {
  block_removed removed;
  removed.hashes = {{9, ""}};
  removed.medium = "GPU";
  kv_event_batch batch;
  batch.unix_s = 12.5;
  batch.events = {stored(), removed, all_blocks_cleared{}};
  batch.dp_rank = 1;
  return batch;
}

std::string fault_of(const std::string& payload, const kv_decode_limits& limits = {}) {
  const auto batch = decode_kv_events(payload, limits);
  if (batch) return "no error";
  EXPECT_EQ(failure_code(batch.error(), errc::io_error), errc::protocol_error);
  return failure_text(batch.error());
}

// A batch of one event, which `write` appends.
std::string with_event(const std::function<void(msgpack_writer&)>& write) {
  std::string out;
  msgpack_writer w{out};
  w.array(2);
  w.real(1);
  w.array(1);
  write(w);
  return out;
}

TEST(kv_event_codec, both_forms_read_back) {
  auto batch = sample();
  EXPECT_EQ(*decode_kv_events(encode_kv_events(batch, kv_event_form::arrays)), batch);
  std::get<block_stored>(batch.events[0]).group_idx = 0;
  std::get<block_stored>(batch.events[0]).spec_kind = "full_attention";
  std::get<block_removed>(batch.events[1]).group_idx = 0;
  EXPECT_EQ(*decode_kv_events(encode_kv_events(batch, kv_event_form::maps)), batch);
}

TEST(kv_event_codec, hashes_of_bytes_and_lora_read_back) {
  auto batch = sample();
  auto& event = std::get<block_stored>(batch.events[0]);
  event.hashes = {{0, std::string(32, '\xee')}, {0, std::string(32, '\x01')}};
  event.parent = block_hash{0, std::string(32, '\0')};
  event.lora_id = 4;
  event.lora_name = "adapter";
  for (const auto form : {kv_event_form::maps, kv_event_form::arrays}) {
    EXPECT_EQ(*decode_kv_events(encode_kv_events(batch, form)), batch);
  }
}

TEST(kv_event_codec, a_batch_may_be_a_map_with_fields_in_any_order) {
  std::string out;
  msgpack_writer w{out};
  w.map(4);
  w.text("events");
  w.array(1);
  w.map(3);
  w.text("block_hashes");
  w.array(1);
  w.integer(-1);  // older releases hash to signed numbers
  w.text("a_new_field");
  w.map(1);
  w.nil();
  w.array(1);
  w.nil();
  w.text("type");
  w.text("BlockRemoved");
  w.text("data_parallel_rank");
  w.integer(2);
  w.text("ts");
  w.unsigned_integer(77);
  w.text("new");
  w.array(1);
  w.array(0);
  const auto batch = decode_kv_events(out);
  ASSERT_TRUE(batch) << failure_text(batch.error());
  EXPECT_EQ(batch->dp_rank, 2);
  EXPECT_DOUBLE_EQ(batch->unix_s, 77);
  EXPECT_EQ(std::get<block_removed>(batch->events.at(0)).hashes.at(0).number, ~0ULL);
}

TEST(kv_event_codec, unknown_events_are_counted_and_passed_over) {
  const auto batch = decode_kv_events(with_event([](auto& w) {
    w.array(3);
    w.text("BlockMoved");
    w.array(1);
    w.text("x");
    w.nil();
  }));
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->events.empty());
  EXPECT_EQ(batch->unknown_events, 1U);
}

TEST(kv_event_codec, a_key_of_unknown_shape_is_kept_as_bytes) {
  const auto with_key = [](std::uint64_t last) {
    const auto batch = decode_kv_events(with_event([last](auto& w) {
      w.array(9);
      w.text("BlockStored");
      w.array(1);
      w.unsigned_integer(1);
      w.nil();
      w.array(0);
      w.unsigned_integer(16);
      for (int i = 0; i < 3; ++i) w.nil();
      w.array(1);
      w.array(2);
      w.array(2);
      w.text("not an");
      w.text("offset");
      w.array(3);
      w.text("a");
      w.nil();
      w.unsigned_integer(last);
    }));
    return std::get<block_stored>(batch->events.at(0)).extra_keys.at(0);
  };
  EXPECT_EQ(with_key(1).size(), 2U);
  EXPECT_EQ(with_key(1), with_key(1));
  EXPECT_NE(with_key(1).at(1), with_key(2).at(1));
  EXPECT_EQ(with_key(1).at(0), with_key(2).at(0));
}

TEST(kv_event_codec, cut_anywhere_it_is_an_error_and_never_a_crash) {
  const auto whole = encode_kv_events(sample());
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    EXPECT_FALSE(decode_kv_events(whole.substr(0, size))) << size;
  }
}

TEST(kv_event_codec, errors_name_event_and_field) {
  EXPECT_THAT(fault_of("\xc0"), HasSubstr("expected an array or a map, found nil"));
  EXPECT_THAT(fault_of("\x91\x01"), HasSubstr("holds no events"));
  EXPECT_THAT(fault_of("\x80"), HasSubstr("holds no events"));
  EXPECT_THAT(fault_of("\x92\xc0\x90"), HasSubstr("ts: expected a number, found nil"));
  EXPECT_THAT(fault_of("\x93\x01\x90\xa1x"), HasSubstr("data_parallel_rank"));
  EXPECT_THAT(fault_of("\x92\x01\x91\x05"), HasSubstr("event 0: expected a map or an array"));
  EXPECT_THAT(fault_of("\x92\x01\x91\x90"), HasSubstr("event 0: type: missing"));
  EXPECT_THAT(fault_of(std::string("\x92\x01\x91\x81\x05\x05")), HasSubstr("a key: expected text"));
  EXPECT_THAT(fault_of("\x92\x01\x91\x91\xac"
                       "BlockRemoved"),
              HasSubstr("block_hashes: missing"));
}

TEST(kv_event_codec, fields_of_a_wrong_kind_are_named) {
  const auto with_field = [](const std::string& name, const auto& write) {
    return fault_of(with_event([&](auto& w) {
      w.map(2);
      w.text("type");
      w.text("BlockStored");
      w.text(name);
      write(w);
    }));
  };
  const auto text = [](msgpack_writer& w) { w.text("x"); };
  const auto number = [](msgpack_writer& w) { w.unsigned_integer(0); };
  const auto negative = [](msgpack_writer& w) {
    w.array(1);
    w.integer(-5);
  };
  EXPECT_THAT(with_field("block_hashes", number), HasSubstr("block_hashes: expected an array"));
  EXPECT_THAT(with_field("parent_block_hash", [](auto& w) { w.real(1); }),
              HasSubstr("parent_block_hash: expected a hash, found a real"));
  EXPECT_THAT(with_field("token_ids", text), HasSubstr("token_ids: expected an array"));
  EXPECT_THAT(with_field("token_ids", negative), HasSubstr("token 0 is no token id"));
  EXPECT_THAT(with_field("block_size", text), HasSubstr("block_size: expected an integer"));
  EXPECT_THAT(with_field("block_size", number), HasSubstr("block_size: must be 1 to"));
  EXPECT_THAT(with_field("medium", number), HasSubstr("medium: expected text"));
  EXPECT_THAT(with_field("group_idx", text), HasSubstr("group_idx: expected an integer"));
  EXPECT_THAT(with_field("extra_keys", text), HasSubstr("extra_keys: expected an array"));
  EXPECT_THAT(with_field("extra_keys", negative), HasSubstr("extra_keys: expected an array"));
  EXPECT_THAT(with_field("new", [](auto&) {}), HasSubstr("expected a value"));
}

TEST(kv_event_codec, every_bound_holds) {
  const auto payload = encode_kv_events(sample());
  kv_decode_limits limits;
  limits.payload_bytes_max = payload.size() - 1;
  EXPECT_THAT(fault_of(payload, limits), HasSubstr("payload_bytes_max"));
  limits = {};
  limits.events_max = 2;
  EXPECT_THAT(fault_of(payload, limits), HasSubstr("events_max of 2"));
  limits = {};
  limits.blocks_max = 1;
  EXPECT_THAT(fault_of(payload, limits), HasSubstr("blocks_max of 1"));
  limits = {};
  limits.tokens_max = 3;
  EXPECT_THAT(fault_of(payload, limits), HasSubstr("tokens_max of 3"));
  limits = {};
  limits.text_bytes_max = 2;
  EXPECT_THAT(fault_of(payload, limits), HasSubstr("text_bytes_max of 2"));
  limits = {};
  limits.keys_max = 1;
  EXPECT_THAT(fault_of(payload, limits), HasSubstr("keys_max of 1"));
  auto batch = sample();
  std::get<block_removed>(batch.events[1]).hashes = {{0, std::string(65, 'x')}};
  EXPECT_THAT(fault_of(encode_kv_events(batch)), HasSubstr("hash_bytes_max of 64"));
}

}  // namespace
}  // namespace troupe::transport::zmq
