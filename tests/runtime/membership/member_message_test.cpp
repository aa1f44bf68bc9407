#include "runtime/membership/member_message.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

member_record sample_record(const std::string& name) {
  return {{{name, 0x1122334455667788}, "tcp://10.0.0.1:7000", {{"zone", "a"}}, {"router"}, 3, 20},
          member_state::up,
          7,
          {}};
}

member_message sample() {
  auto suspect = sample_record("b");
  suspect.state = member_state::suspect;
  suspect.accuser = "c";
  suspect.leaving = true;
  return {member_message_kind::ping, 42, {"b", 9}, sample_record("a"), {suspect}};
}

std::string error_of(std::string_view bytes) {
  const auto read = decode_member_message(bytes);
  const auto* error = std::get_if<member_decode_error>(&read);
  return error == nullptr ? "" : error->text;
}

TEST(member_message, survives_its_wire_form) {
  const auto message = sample();
  const auto read = decode_member_message(encode(message));
  ASSERT_TRUE(std::holds_alternative<member_message>(read));
  EXPECT_EQ(std::get<member_message>(read), message);
}

TEST(member_message, every_truncation_is_refused) {
  const auto bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(error_of(std::string_view{bytes}.substr(0, size)), "") << size;
  }
  EXPECT_EQ(error_of(bytes + "x"), "bytes follow the message");
}

TEST(member_message, says_what_is_wrong) {
  auto bytes = encode(sample());
  bytes[0] = 'X';
  EXPECT_EQ(error_of(bytes), "not a membership message");
  bytes = encode(sample());
  bytes[2] = 1;
  EXPECT_EQ(error_of(bytes), "a version we do not speak");
  bytes = encode(sample());
  bytes[3] = 8;
  EXPECT_EQ(error_of(bytes), "an unknown kind of message");
  auto message = sample();
  message.from.state = member_state::suspect;
  EXPECT_EQ(error_of(encode(message)), "a sender is neither up nor leaving");
}

TEST(member_message, only_syncs_carry_more_records_than_a_ping) {
  auto message = sample();
  message.kind = member_message_kind::sync_answer;
  message.records.assign(member_message::records_max + 1, sample_record("b"));
  auto bytes = encode(message);
  EXPECT_EQ(error_of(bytes), "");
  bytes[3] = static_cast<char>(member_message_kind::gossip);
  EXPECT_EQ(error_of(bytes), "too many records");
}

TEST(member_message, the_largest_table_fits) {
  auto record = sample_record(std::string(member_limits::name_bytes_max, 'n'));
  record.node.endpoint.assign(member_limits::endpoint_bytes_max, 'e');
  record.node.labels.clear();
  for (std::size_t i = 0; i < member_limits::labels_max; ++i) {
    record.node.labels[std::string(member_limits::word_bytes_max, static_cast<char>('a' + i))] =
        std::string(member_limits::word_bytes_max, 'v');
  }
  record.node.roles.assign(member_limits::roles_max,
                           std::string(member_limits::word_bytes_max, 'r'));
  record.state = member_state::suspect;
  record.accuser = record.node.id.name;
  auto message = sample();
  message.kind = member_message_kind::sync_request;
  message.records.assign(member_message::sync_records_max, record);
  const auto bytes = encode(message);
  EXPECT_LE(bytes.size(), member_message::message_bytes_max);
  EXPECT_EQ(error_of(bytes), "");
}

}  // namespace
}  // namespace troupe
