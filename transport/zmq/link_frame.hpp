// The frames that nodes send each other, and their wire form.
//
// | kind | from, to | what follows the header |
// | --- | --- | --- |
// | hello | DEALER, ROUTER | cluster, node, catalogue |
// | welcome | ROUTER, DEALER | node; the header's token is granted to who said hello |
// | refusal | ROUTER, DEALER | reason, text |
// | unknown | ROUTER, DEALER | nothing: the token is not known, say hello |
// | batch | DEALER, ROUTER | records: u32 size, u8 blobs, bytes; the blobs are further frames |
// | heartbeat | DEALER, ROUTER | nothing |
// | letter | DEALER, ROUTER | its bytes |
//
// Header, little endian: "TN", version u8, kind u8, lane u8, 3 zeros, token u64, sequence u64.
// Header and refusal are the same in every version, so that nodes of two versions can say why not.
// Batches and heartbeats of a lane are numbered from 0.
// Bounds: link_bounds, frame_limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/membership/member_record.hpp"
#include "runtime/wire_bytes.hpp"
#include "transport/links/links.hpp"
#include "transport/zmq/link_counts.hpp"
#include "transport/zmq/link_options.hpp"

namespace troupe::transport::zmq {

struct frame_limits {
  static constexpr std::size_t header_bytes = 24;
  static constexpr std::size_t record_header_bytes = 5;
  static constexpr std::size_t batch_bytes = 64 * 1024;       // a batch closes when it has so many
  static constexpr std::size_t batch_blobs = 64;              // or so many blobs
  static constexpr std::size_t batch_all_bytes = 256 * 1024;  // or so many bytes with its blobs
  static constexpr std::size_t message_bytes_max =            // its last record may be of any size
      batch_all_bytes + link_bounds::record_bytes_max + link_bounds::blob_bytes_max;
  static constexpr std::size_t names_max = 4'096;  // of a catalogue
  static constexpr std::size_t name_bytes_max = 255;
  static constexpr std::size_t hello_bytes_max = 1'100'000;  // with names_max names
  static constexpr std::size_t frame_bytes_max = link_bounds::blob_bytes_max + header_bytes;
};

inline constexpr std::uint8_t link_version = 1;

enum class frame_kind : std::uint8_t {
  hello = 1,
  welcome,
  refusal,
  unknown,
  batch,
  heartbeat,
  letter
};

struct link_header {
  frame_kind kind = frame_kind::heartbeat;
  lane where = lane::control;
  std::uint64_t token = 0;
  std::uint64_t sequence = 0;
  std::uint8_t version = link_version;

  bool operator==(const link_header&) const = default;
};

struct link_hello {
  std::string cluster;
  node_description node;
  message_catalogue catalogue;
};

struct link_refusal {
  refusal_reason reason = refusal_reason::protocol;
  std::string text;  // 255 bytes at most
};

// Reads the header of a frame; nothing where there is none of ours. Of another version only kind
// and version mean something.
std::optional<link_header> read_header(std::string_view frame);

// Writes a header, or writes it over the first bytes of a frame.
std::string write_header(const link_header& header);
void patch_header(std::string& frame, const link_header& header);

// Returns what follows the header. REQUIRES: a frame with one.
std::string_view body_of(std::string_view frame);

// Write whole frames. REQUIRES: all is within its bounds.
std::string hello_frame(const link_hello& hello);
std::string welcome_frame(std::uint64_t token, const node_description& self);
std::string refusal_frame(const link_refusal& refusal);
std::string letter_frame(std::string_view bytes);

// Read what follows the header.
std::variant<link_hello, wire_error> read_hello(std::string_view body);
std::variant<node_description, wire_error> read_welcome(std::string_view body);
std::variant<link_refusal, wire_error> read_refusal(std::string_view body);

// Appends a record to a batch. REQUIRES: link_bounds.
void append_record(std::string& batch, std::string_view record, std::size_t blobs);

// Reads the records of a batch one after another.
class batch_reader {
 public:
  struct record {
    std::string_view bytes;
    std::size_t blobs = 0;
  };

  explicit batch_reader(std::string_view body) : in_{body} {}

  // Takes the next record; nothing at the end or where the bytes are none.
  std::optional<record> next();

  // Tells whether all bytes were records.
  bool is_whole() const { return in_.good() && in_.at_end(); }

 private:
  wire_reader in_;
};

// Tells whether a batch with so many further frames is within its bounds to its end.
bool is_batch(std::string_view body, std::size_t blobs);

}  // namespace troupe::transport::zmq
