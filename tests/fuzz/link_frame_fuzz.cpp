// Any bytes are read as a frame between nodes or refused; what is read has that encoding alone and
// is within its bounds.
#include <cstdint>
#include <string_view>

#include "runtime/assert.hpp"
#include "transport/zmq/cluster_key.hpp"
#include "transport/zmq/link_frame.hpp"

namespace {

using namespace troupe::transport;
using namespace troupe::transport::zmq;

void take_batch(std::string_view body) {
  batch_reader in{body};
  std::string again;
  std::size_t blobs = 0;
  while (const auto record = in.next()) {
    TROUPE_ASSERT(record->bytes.size() <= link_bounds::record_bytes_max);
    TROUPE_ASSERT(record->blobs <= link_bounds::blobs_max);
    append_record(again, record->bytes, record->blobs);
    blobs += record->blobs;
  }
  TROUPE_ASSERT(in.is_whole() == (again == body));
  TROUPE_ASSERT(is_batch(body, blobs) == in.is_whole());
  TROUPE_ASSERT(!is_batch(body, blobs + 1));
}

void take_handshake(std::string_view body) {
  const auto hello = read_hello(body);
  if (const auto* good = std::get_if<link_hello>(&hello)) {
    TROUPE_ASSERT(good->catalogue.names.size() <= frame_limits::names_max);
    TROUPE_ASSERT(body_of(hello_frame(*good)) == body);
  }
  const auto welcome = read_welcome(body);
  if (const auto* good = std::get_if<troupe::node_description>(&welcome)) {
    TROUPE_ASSERT(body_of(welcome_frame(1, *good)) == body);
  }
  const auto refusal = read_refusal(body);
  if (const auto* good = std::get_if<link_refusal>(&refusal)) {
    TROUPE_ASSERT(body_of(refusal_frame(*good)) == body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  static_cast<void>(parse_cluster_key(bytes));
  const auto header = read_header(bytes);
  if (!header) return 0;
  TROUPE_ASSERT(size >= frame_limits::header_bytes);
  if (header->version == link_version) {
    TROUPE_ASSERT(write_header(*header) == bytes.substr(0, frame_limits::header_bytes));
  }
  take_batch(body_of(bytes));
  take_handshake(body_of(bytes));
  return 0;
}
