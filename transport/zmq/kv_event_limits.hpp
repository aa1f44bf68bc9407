// Bounds of reading and following KV events.
#pragma once

#include <chrono>
#include <cstddef>

namespace troupe::transport::zmq {

// What one message may hold; beyond it protocol_error.
struct kv_decode_limits {
  std::size_t payload_bytes_max = 16 * 1024 * 1024;
  std::size_t events_max = 100'000;
  std::size_t blocks_max = 100'000;    // of one event
  std::size_t tokens_max = 4'000'000;  // of one event
  std::size_t hash_bytes_max = 64;
  std::size_t text_bytes_max = 4'096;  // a name, a salt
  std::size_t keys_max = 1'024;        // extra keys of one block
};

// What following one publisher may hold and how often it asks again.
struct kv_sequence_limits {
  std::size_t pending_batches_max = 4'096;  // held while a replay runs; more are asked for again
  std::size_t pending_bytes_max = 64 * 1024 * 1024;
  std::size_t recent_max = 1'024;                   // batches whose duplicates are recognised
  unsigned attempts_max = 3;                        // replays without progress
  std::chrono::milliseconds replay_timeout{2'000};  // without a reply
};

// What a subscriber holds.
struct kv_subscriber_limits {
  kv_decode_limits decode;
  kv_sequence_limits sequence;
  std::size_t sources_max = 4'096;
  int receive_batches_max = 100'000;  // of one socket, in ZeroMQ's own queue

  // A publisher's last messages may be lost without a later one that shows the gap, above all while
  // the subscription is on its way: so it is asked again, soon after a connection, then less often.
  std::chrono::milliseconds check_gap_min{100};
  std::chrono::milliseconds check_gap_max{10'000};
};

}  // namespace troupe::transport::zmq
