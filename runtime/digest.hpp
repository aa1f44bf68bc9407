// SHA-256, comparison in constant time, and random bytes for keys: what secrets need, by OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

using sha256_digest = std::array<std::uint8_t, 32>;

// Hashes a text.
sha256_digest sha256(std::string_view text);

// Compares in a time that does not tell where the digests differ.
bool same_digest(const sha256_digest& a, const sha256_digest& b);

// Writes and reads a digest as 64 hexadecimal digits, of either case when read.
std::string to_hex(const sha256_digest& digest);
std::optional<sha256_digest> digest_from_hex(std::string_view digits);

// Makes a text of so many letters and digits from the system's source of randomness: 5.95 bits
// each.
std::string random_letters(std::size_t count);

}  // namespace troupe
