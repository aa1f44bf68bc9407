#include "transport/zmq/link_frame.hpp"

#include <utility>

#include "runtime/membership/node_wire.hpp"

namespace troupe::transport::zmq {

namespace {

constexpr std::string_view magic = "TN";

bool known(frame_kind kind) {
  return kind >= frame_kind::hello && kind <= frame_kind::letter;
}

node_description read_description(wire_reader& in) {
  member_record record;
  record.node = read_node(in);
  if (in.good()) in.check(flaw(record).empty(), flaw(record));
  return std::move(record.node);
}

wire_writer frame_of(frame_kind kind, std::uint64_t token = 0) {
  return wire_writer{write_header({.kind = kind, .token = token})};
}

template <class T>
std::variant<T, wire_error> finished(wire_reader& in, T value) {
  in.expect_end();
  if (!in.good()) return in.error();
  return value;
}

}  // namespace

std::string_view to_string(refusal_reason reason) {
  switch (reason) {
    case refusal_reason::protocol:
      return "protocol";
    case refusal_reason::cluster:
      return "cluster";
    case refusal_reason::catalogue:
      return "catalogue";
    case refusal_reason::ended:
      return "ended";
    case refusal_reason::itself:
      return "itself";
    case refusal_reason::too_many:
      return "too_many";
    case refusal_reason::endpoint:
      break;
  }
  return "endpoint";
}

std::string write_header(const link_header& header) {
  wire_writer out{magic};
  out.number(header.version);
  out.number(static_cast<std::uint8_t>(header.kind));
  out.number(static_cast<std::uint8_t>(header.where));
  out.bytes(std::string_view{"\0\0\0", 3});
  out.number(header.token);
  out.number(header.sequence);
  return out.take();
}

void patch_header(std::string& frame, const link_header& header) {
  frame.replace(0, frame_limits::header_bytes, write_header(header));
}

std::optional<link_header> read_header(std::string_view frame) {
  wire_reader in{frame};
  in.check(in.take(magic.size()) == magic, "not a frame between nodes");
  link_header header;
  header.version = in.number<std::uint8_t>();
  header.kind = static_cast<frame_kind>(in.number<std::uint8_t>());
  const auto where = in.number<std::uint8_t>();
  const auto zeros = in.take(3);
  header.token = in.number<std::uint64_t>();
  header.sequence = in.number<std::uint64_t>();
  if (!in.good()) return std::nullopt;
  if (header.version != link_version) return header;
  if (!known(header.kind) || where >= lanes) return std::nullopt;
  if (zeros != std::string_view{"\0\0\0", 3}) return std::nullopt;
  header.where = static_cast<lane>(where);
  return header;
}

std::string_view body_of(std::string_view frame) {
  return frame.substr(frame_limits::header_bytes);
}

std::string hello_frame(const link_hello& hello) {
  TROUPE_ASSERT(hello.catalogue.names.size() <= frame_limits::names_max);
  auto out = frame_of(frame_kind::hello);
  out.text(hello.cluster);
  write_node(out, hello.node);
  out.number(hello.catalogue.hash);
  out.number(static_cast<std::uint16_t>(hello.catalogue.names.size()));
  for (const auto& name : hello.catalogue.names) out.text(name);
  return out.take();
}

std::string welcome_frame(std::uint64_t token, const node_description& self) {
  auto out = frame_of(frame_kind::welcome, token);
  write_node(out, self);
  return out.take();
}

std::string refusal_frame(const link_refusal& refusal) {
  auto out = frame_of(frame_kind::refusal);
  out.number(static_cast<std::uint8_t>(refusal.reason));
  out.text(std::string_view{refusal.text}.substr(0, 255));
  return out.take();
}

std::string letter_frame(std::string_view bytes) {
  TROUPE_ASSERT(bytes.size() <= link_bounds::letter_bytes_max);
  auto out = frame_of(frame_kind::letter);
  out.bytes(bytes);
  return out.take();
}

std::variant<link_hello, wire_error> read_hello(std::string_view body) {
  wire_reader in{body};
  in.check(body.size() <= frame_limits::hello_bytes_max, "a hello is too long");
  link_hello hello;
  hello.cluster = in.text();
  hello.node = read_description(in);
  hello.catalogue.hash = in.number<std::uint64_t>();
  const auto count = in.number<std::uint16_t>();
  in.check(count <= frame_limits::names_max, "a catalogue has too many names");
  for (std::size_t i = 0; in.good() && i < count; ++i) {
    hello.catalogue.names.push_back(in.text());
  }
  return finished(in, std::move(hello));
}

std::variant<node_description, wire_error> read_welcome(std::string_view body) {
  wire_reader in{body};
  auto node = read_description(in);
  return finished(in, std::move(node));
}

std::variant<link_refusal, wire_error> read_refusal(std::string_view body) {
  wire_reader in{body};
  link_refusal refusal;
  refusal.reason = static_cast<refusal_reason>(in.number<std::uint8_t>());
  const bool is_known =
      refusal.reason >= refusal_reason::protocol && refusal.reason <= refusal_reason::endpoint;
  in.check(is_known, "a refusal for no reason we know");
  refusal.text = in.text();
  return finished(in, std::move(refusal));
}

void append_record(std::string& batch, std::string_view record, std::size_t blobs) {
  const auto size = static_cast<std::uint32_t>(record.size());
  const char head[] = {static_cast<char>(size), static_cast<char>(size >> 8),
                       static_cast<char>(size >> 16), static_cast<char>(size >> 24),
                       static_cast<char>(blobs)};
  batch.append(head, sizeof head);
  batch += record;
}

std::optional<batch_reader::record> batch_reader::next() {
  if (!in_.good() || in_.at_end()) return std::nullopt;
  const auto size = in_.number<std::uint32_t>();
  const auto blobs = in_.number<std::uint8_t>();
  in_.check(size <= link_bounds::record_bytes_max, "a record is too long");
  in_.check(blobs <= link_bounds::blobs_max, "a record has too many blobs");
  const auto bytes = in_.take(size);
  if (!in_.good()) return std::nullopt;
  return record{bytes, blobs};
}

bool is_batch(std::string_view body, std::size_t blobs) {
  batch_reader in{body};
  std::size_t named = 0;
  while (const auto record = in.next()) named += record->blobs;
  return in.is_whole() && named == blobs;
}

}  // namespace troupe::transport::zmq
