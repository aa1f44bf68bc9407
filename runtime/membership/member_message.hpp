// The messages of membership, and their wire form.
//
// | message | answer | what it is |
// | --- | --- | --- |
// | ping | ack | are you `about`? |
// | ping_request | nack at once, ack if it answered | ask `about`, whom I cannot reach |
// | gossip | - | records alone |
// | sync_request | sync_answer | my whole table, for yours |
//
// Every message carries its sender's own record, and may carry records of others.
//
// Wire form, little endian: "TM", version, kind, sequence u64, `about`, `from`, u16 count, records.
// A text is u8 length and bytes. A record is its node, u8 state, u8 leaving, refutation u64,
// accuser. There is one encoding of a message, and no byte may follow it.
//
// Bounds: records_max records, sync_records_max in syncs; message_bytes_max bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/membership/member_record.hpp"
#include "runtime/wire_bytes.hpp"

namespace troupe {

enum class member_message_kind : std::uint8_t {
  ping = 1,
  ping_request,
  ack,
  nack,
  gossip,
  sync_request,
  sync_answer
};

struct member_message {
  static constexpr std::uint8_t version = 2;
  static constexpr std::size_t records_max = 8;
  static constexpr std::size_t sync_records_max = member_limits::members_max;
  static constexpr std::size_t message_bytes_max = 2 * 1024 * 1024;

  member_message_kind kind = member_message_kind::gossip;
  std::uint64_t sequence = 0;  // of a ping or ping_request, repeated in what answers it
  node_id about;               // whose life is in question; empty in gossip and syncs
  member_record from;          // `up`, or `left` when it leaves
  std::vector<member_record> records;

  bool operator==(const member_message&) const = default;
};

// Tells whether messages of this kind carry whole tables.
constexpr bool is_sync(member_message_kind kind) {
  return kind == member_message_kind::sync_request || kind == member_message_kind::sync_answer;
}

// Why bytes are no message.
using member_decode_error = wire_error;

// Writes a message. REQUIRES: it is within its bounds.
std::string encode(const member_message& message);

// Reads a message from all of `bytes`.
std::variant<member_message, member_decode_error> decode_member_message(std::string_view bytes);

}  // namespace troupe
