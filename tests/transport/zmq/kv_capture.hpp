// Reads the captures that record_kv_events.py wrote; the format is described there.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "transport/zmq/message_socket.hpp"

namespace troupe::transport::zmq {

struct kv_capture_record {
  bool is_live = false;  // else a reply of the replay
  std::vector<std::string> frames;

  const std::string& payload() const { return frames.back(); }
  std::uint64_t seq() const { return read_sequence_frame(frames[frames.size() - 2]).value(); }
};

// Returns the records of a capture; none where the file cannot be read.
inline std::vector<kv_capture_record> read_kv_capture(const std::string& name) {
  std::ifstream file{std::string{TROUPE_CAPTURES} + "/" + name, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  std::vector<kv_capture_record> records;
  std::size_t at = 0;
  while (at + 2 <= bytes.size()) {
    kv_capture_record record;
    record.is_live = bytes[at] == 'L';
    const auto frames = static_cast<std::size_t>(bytes[at + 1]);
    at += 2;
    for (std::size_t i = 0; i < frames; ++i) {
      const auto size = *read_sequence_frame(std::string(4, '\0') + bytes.substr(at, 4));
      record.frames.push_back(bytes.substr(at + 4, size));
      at += 4 + size;
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace troupe::transport::zmq
