// Any bytes decode or are refused; what decodes is within its bounds, has that encoding alone, and
// leaves a node that takes it within its own bounds.
#include <chrono>
#include <cstdint>
#include <random>
#include <string_view>

#include "runtime/assert.hpp"
#include "runtime/membership/membership.hpp"

namespace {

using namespace troupe;

void check_actions(const membership::actions& actions) {
  for (const auto& letter : actions.letters) {
    const auto bytes = encode(letter.message);
    TROUPE_ASSERT(bytes.size() <= member_message::message_bytes_max);
    TROUPE_ASSERT(std::holds_alternative<member_message>(decode_member_message(bytes)));
  }
}

void let_a_node_take(const member_message& message) {
  const time_point start{std::chrono::seconds{1}};
  membership node{{{"a", 5}, "sim:a", {}, {}, 1}, std::mt19937_64{1}};
  check_actions(node.join({"sim:b"}, start));
  member_message known;
  known.from.node = {{"b", 5}, "sim:b", {}, {}, 1};
  check_actions(node.receive(known, start));
  check_actions(node.receive(message, start));
  auto now = start;
  for (int i = 0; i < 40 && !node.fenced(); ++i) {
    now = node.next_deadline();
    check_actions(node.tick(now));
  }
  TROUPE_ASSERT(node.records().size() <= member_limits::members_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto read = decode_member_message(bytes);
  const auto* message = std::get_if<member_message>(&read);
  if (message == nullptr) return 0;
  TROUPE_ASSERT(message->records.size() <= member_message::sync_records_max);
  TROUPE_ASSERT(encode(*message) == bytes);
  let_a_node_take(*message);
  return 0;
}
