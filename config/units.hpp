// Values as people write them - sizes, durations, addresses, URLs - read and written.
//
// Each parser returns nothing for a text it does not take; the caller says what is allowed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::config {

// Reads a whole number without sign, such as 20000.
std::optional<std::uint64_t> parse_count(std::string_view text);

// Reads a size: a whole number with B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB
// (powers of 1024); without a unit, bytes.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// Reads a duration: a whole number with ms, s, m or h.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

struct socket_address {
  std::string address;  // an IPv4 or IPv6 address in numbers
  std::uint16_t port = 0;

  friend bool operator==(const socket_address&, const socket_address&) = default;
};

// Reads 127.0.0.1:8000, [::1]:8000 or localhost:8000; port 0 asks for any free one.
std::optional<socket_address> parse_listen(std::string_view text);

// Reads an IP address in numbers, or `localhost`, which is 127.0.0.1.
std::optional<std::string> parse_address(std::string_view text);

// Returns whether a text may be the name of a host, or its IPv4 address.
bool is_host_name(std::string_view text);

struct peer_address {
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;

  friend bool operator==(const peer_address&, const peer_address&) = default;
};

// Reads HOST:PORT of another machine; IPv6 in brackets, port 1 to 65535.
std::optional<peer_address> parse_peer(std::string_view text);

// Returns what is wrong with the URL of an engine, as the end of a sentence; empty: nothing.
std::string url_mistake(std::string_view url);

// Returns whether a name suits a node or an engine: 1 to 63 letters, digits, `.`, `_` or `-`, of
// which the first is a letter or a digit.
bool is_name(std::string_view text);

// Writes what parse_bytes reads, in the largest unit that is exact: 32MiB, 2GB.
std::string format_bytes(std::uint64_t bytes);

// Writes what parse_duration reads, in the largest unit that is exact: 60s is 1m.
std::string format_duration(std::chrono::milliseconds duration);

// True for an address that only this machine can reach.
bool is_loopback(std::string_view address);

// Writes what parse_listen reads.
std::string format_listen(const socket_address& address);

}  // namespace troupe::config
