#include "runtime/digest.hpp"

#include <set>

#include <gtest/gtest.h>

namespace troupe {
namespace {

// The examples of FIPS 180-4's test vectors.
TEST(digest, is_sha_256) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(digest, hex_is_read_back_in_either_case) {
  const auto digest = sha256("abc");
  auto digits = to_hex(digest);
  EXPECT_EQ(digest_from_hex(digits), digest);
  for (char& c : digits) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(digest_from_hex(digits), digest);
}

TEST(digest, what_is_no_hex_of_its_length_is_refused) {
  const auto digits = to_hex(sha256(""));
  for (const auto& bad : {std::string{}, digits.substr(1), digits + "0", "g" + digits.substr(1),
                          digits.substr(1) + "-", " " + digits.substr(1)}) {
    EXPECT_FALSE(digest_from_hex(bad)) << bad;
  }
}

TEST(digest, compares_every_byte) {
  const auto digest = sha256("abc");
  EXPECT_TRUE(same_digest(digest, sha256("abc")));
  for (std::size_t i = 0; i < digest.size(); ++i) {
    auto other = digest;
    other[i] ^= 1;
    EXPECT_FALSE(same_digest(digest, other)) << i;
  }
}

TEST(digest, random_letters_are_letters_and_differ) {
  std::set<std::string> seen;
  std::set<char> used;
  for (int i = 0; i < 200; ++i) {
    const auto made = random_letters(43);
    EXPECT_EQ(made.size(), 43U);
    for (const char c : made) {
      EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c))) << c;
      used.insert(c);
    }
    seen.insert(made);
  }
  EXPECT_EQ(seen.size(), 200U);
  EXPECT_EQ(used.size(), 62U);  // of 8,600 letters each comes about 139 times
  EXPECT_EQ(random_letters(0), "");
}

}  // namespace
}  // namespace troupe
