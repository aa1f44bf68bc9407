#include "runtime/membership/member_message.hpp"

#include <concepts>
#include <optional>
#include <utility>

#include "runtime/assert.hpp"

namespace troupe {

namespace {

constexpr std::string_view magic = "TM";

class writer {
 public:
  template <std::unsigned_integral T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    }
  }

  void text(std::string_view value) {
    TROUPE_ASSERT(value.size() <= 0xff);
    number(static_cast<std::uint8_t>(value.size()));
    bytes_ += value;
  }

  void id(const node_id& value) {
    text(value.name);
    number(value.incarnation);
  }

  void record(const member_record& value) {
    TROUPE_ASSERT(flaw(value).empty());
    const auto& node = value.node;
    id(node.id);
    text(node.endpoint);
    number(static_cast<std::uint8_t>(node.labels.size()));
    for (const auto& [key, label] : node.labels) {
      text(key);
      text(label);
    }
    number(static_cast<std::uint8_t>(node.roles.size()));
    for (const auto& role : node.roles) text(role);
    number(node.protocol);
    number(node.weight);
    number(static_cast<std::uint8_t>(value.state));
    number(value.refutation);
    text(value.accuser);
  }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_{magic};
};

// Reads on from where it is; after the first error every read returns nothing of use.
class reader {
 public:
  explicit reader(std::string_view bytes) : bytes_{bytes} {}

  template <std::unsigned_integral T>
  T number() {
    const auto part = take(sizeof(T));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
      value |= std::uint64_t{static_cast<std::uint8_t>(part[i])} << (8 * i);
    }
    return static_cast<T>(value);
  }

  std::string text() { return std::string{take(number<std::uint8_t>())}; }

  node_id id() {
    node_id value;
    value.name = text();
    value.incarnation = number<std::uint64_t>();
    return value;
  }

  member_record record() {
    member_record value;
    auto& node = value.node;
    node.id = id();
    node.endpoint = text();
    labels(node);
    const auto roles = number<std::uint8_t>();
    check(roles <= member_limits::roles_max, "a node has too many roles");
    for (std::size_t i = 0; good() && i < roles; ++i) node.roles.push_back(text());
    node.protocol = number<std::uint16_t>();
    node.weight = number<std::uint16_t>();
    value.state = static_cast<member_state>(number<std::uint8_t>());
    value.refutation = number<std::uint64_t>();
    value.accuser = text();
    if (good()) check(flaw(value).empty(), flaw(value));
    return value;
  }

  void expect_magic() { check(take(magic.size()) == magic, "not a membership message"); }
  void expect_end() { check(at_ == bytes_.size(), "bytes follow the message"); }

  void check(bool holds, std::string_view otherwise) {
    if (!holds && good()) error_ = {at_, std::string{otherwise}};
  }

  bool good() const { return !error_; }
  member_decode_error error() const { return *error_; }

 private:
  void labels(node_description& node) {
    const auto count = number<std::uint8_t>();
    check(count <= member_limits::labels_max, "a node has too many labels");
    for (std::size_t i = 0; good() && i < count; ++i) {
      auto key = text();
      const bool grows = node.labels.empty() || node.labels.rbegin()->first < key;
      check(grows, "labels are not in order");
      node.labels.emplace(std::move(key), text());
    }
  }

  std::string_view take(std::size_t size) {
    check(size <= bytes_.size() - at_, "the message ends too early");
    if (!good()) return {};
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::optional<member_decode_error> error_;
};

bool known(member_message_kind kind) {
  return kind >= member_message_kind::ping && kind <= member_message_kind::sync_answer;
}

std::size_t records_max(member_message_kind kind) {
  return is_sync(kind) ? member_message::sync_records_max : member_message::records_max;
}

}  // namespace

std::string encode(const member_message& message) {
  TROUPE_ASSERT(known(message.kind) && message.records.size() <= records_max(message.kind));
  writer out;
  out.number(member_message::version);
  out.number(static_cast<std::uint8_t>(message.kind));
  out.number(message.sequence);
  out.id(message.about);
  out.record(message.from);
  out.number(static_cast<std::uint16_t>(message.records.size()));
  for (const auto& record : message.records) out.record(record);
  return out.take();
}

std::variant<member_message, member_decode_error> decode_member_message(std::string_view bytes) {
  if (bytes.size() > member_message::message_bytes_max) {
    return member_decode_error{0, "the message is longer than message_bytes_max"};
  }
  reader in{bytes};
  in.expect_magic();
  const auto version = in.number<std::uint8_t>();
  in.check(version == member_message::version, "a version we do not speak");
  member_message message;
  message.kind = static_cast<member_message_kind>(in.number<std::uint8_t>());
  in.check(known(message.kind), "an unknown kind of message");
  message.sequence = in.number<std::uint64_t>();
  message.about = in.id();
  in.check(message.about.name.size() <= member_limits::name_bytes_max, "a name is too long");
  message.from = in.record();
  const bool own =
      message.from.state == member_state::up || message.from.state == member_state::left;
  in.check(own, "a sender is neither up nor leaving");
  const auto count = in.number<std::uint16_t>();
  in.check(count <= records_max(message.kind), "too many records");
  for (std::size_t i = 0; in.good() && i < count; ++i) message.records.push_back(in.record());
  in.expect_end();
  if (!in.good()) return in.error();
  return message;
}

}  // namespace troupe
