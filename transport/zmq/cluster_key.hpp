// The key pair all nodes of a cluster share: who has it is let in, who has not is not.
//
// Its file holds two lines, `public: ` and `secret: `, each with 40 characters of Z85, and may hold
// lines that begin with #. Nobody but its owner may read it.
// Source: CurveZMQ (rfc.zeromq.org/spec/26), Z85 (rfc.zeromq.org/spec/32).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <caf/expected.hpp>

namespace troupe::transport::zmq {

struct cluster_key {
  static constexpr std::size_t letters = 40;  // of each half
  static constexpr std::size_t file_bytes_max = 4'096;

  std::string public_key;
  std::string secret_key;

  bool operator==(const cluster_key&) const = default;
};

// Makes a key pair from the system's source of randomness. Errors: unsupported (a ZeroMQ without
// CURVE).
caf::expected<cluster_key> make_cluster_key();

// Returns what the file of a key holds.
std::string to_text(const cluster_key& key);

// Reads what a file holds. Errors: invalid_config, with the line.
caf::expected<cluster_key> parse_cluster_key(std::string_view text);

// Reads a file. Errors: io_error; invalid_config, also where others than its owner may read it.
caf::expected<cluster_key> read_cluster_key(const std::string& file);

// Writes a file that is not there yet, readable by its owner only. Errors: io_error.
caf::expected<void> write_cluster_key(const std::string& file, const cluster_key& key);

// Returns the 40 characters of a public key's 32 bytes; empty for another size.
std::string key_letters(std::string_view bytes);

}  // namespace troupe::transport::zmq
