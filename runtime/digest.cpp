#include "runtime/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "runtime/assert.hpp"

namespace troupe {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view letters =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

int hex_value(char c) {
  if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  const auto at = hex_digits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

sha256_digest sha256(std::string_view text) {
  sha256_digest out;
  unsigned int bytes = 0;
  const int good = EVP_Digest(text.data(), text.size(), out.data(), &bytes, EVP_sha256(), nullptr);
  TROUPE_ASSERT(good == 1 && bytes == out.size());
  return out;
}

bool same_digest(const sha256_digest& a, const sha256_digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(const sha256_digest& digest) {
  std::string out;
  for (const auto byte : digest) {
    out += hex_digits[byte >> 4U];
    out += hex_digits[byte & 15U];
  }
  return out;
}

std::optional<sha256_digest> digest_from_hex(std::string_view digits) {
  sha256_digest out;
  if (digits.size() != 2 * out.size()) return std::nullopt;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_value(digits[2 * i]);
    const int low = hex_value(digits[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(16 * high + low);
  }
  return out;
}

std::string random_letters(std::size_t count) {
  constexpr unsigned fair = 256 / letters.size() * letters.size();  // above it some were likelier
  std::string out;
  while (out.size() < count) {
    std::uint8_t byte = 0;
    TROUPE_ASSERT(RAND_bytes(&byte, 1) == 1);
    if (byte < fair) out += letters[byte % letters.size()];
  }
  return out;
}

}  // namespace troupe
