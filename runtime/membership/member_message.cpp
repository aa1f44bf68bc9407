#include "runtime/membership/member_message.hpp"

#include "runtime/assert.hpp"
#include "runtime/membership/node_wire.hpp"

namespace troupe {

namespace {

constexpr std::string_view magic = "TM";

void write_record(wire_writer& out, const member_record& value) {
  TROUPE_ASSERT(flaw(value).empty());
  write_node(out, value.node);
  out.number(static_cast<std::uint8_t>(value.state));
  out.number(static_cast<std::uint8_t>(value.leaving));
  out.number(value.refutation);
  out.text(value.accuser);
}

member_record read_record(wire_reader& in) {
  member_record value;
  value.node = read_node(in);
  value.state = static_cast<member_state>(in.number<std::uint8_t>());
  const auto leaving = in.number<std::uint8_t>();
  in.check(leaving <= 1, "leaving is neither true nor false");
  value.leaving = leaving == 1;
  value.refutation = in.number<std::uint64_t>();
  value.accuser = in.text();
  if (in.good()) in.check(flaw(value).empty(), flaw(value));
  return value;
}

bool known(member_message_kind kind) {
  return kind >= member_message_kind::ping && kind <= member_message_kind::sync_answer;
}

std::size_t records_max(member_message_kind kind) {
  return is_sync(kind) ? member_message::sync_records_max : member_message::records_max;
}

}  // namespace

std::string encode(const member_message& message) {
  TROUPE_ASSERT(known(message.kind) && message.records.size() <= records_max(message.kind));
  wire_writer out{magic};
  out.number(member_message::version);
  out.number(static_cast<std::uint8_t>(message.kind));
  out.number(message.sequence);
  write_id(out, message.about);
  write_record(out, message.from);
  out.number(static_cast<std::uint16_t>(message.records.size()));
  for (const auto& record : message.records) write_record(out, record);
  return out.take();
}

std::variant<member_message, member_decode_error> decode_member_message(std::string_view bytes) {
  if (bytes.size() > member_message::message_bytes_max) {
    return member_decode_error{0, "the message is longer than message_bytes_max"};
  }
  wire_reader in{bytes};
  in.check(in.take(magic.size()) == magic, "not a membership message");
  const auto version = in.number<std::uint8_t>();
  in.check(version == member_message::version, "a version we do not speak");
  member_message message;
  message.kind = static_cast<member_message_kind>(in.number<std::uint8_t>());
  in.check(known(message.kind), "an unknown kind of message");
  message.sequence = in.number<std::uint64_t>();
  message.about = read_id(in);
  in.check(message.about.name.size() <= member_limits::name_bytes_max, "a name is too long");
  message.from = read_record(in);
  const bool own =
      message.from.state == member_state::up || message.from.state == member_state::left;
  in.check(own, "a sender is neither up nor leaving");
  const auto count = in.number<std::uint16_t>();
  in.check(count <= records_max(message.kind), "too many records");
  for (std::size_t i = 0; in.good() && i < count; ++i) message.records.push_back(read_record(in));
  in.expect_end();
  if (!in.good()) return in.error();
  return message;
}

}  // namespace troupe
