// Certificates that are read, renewed and refused, without a connection.
#include "transport/http/tls_identity.hpp"

#include <cstdio>

#include <gmock/gmock.h>

#include "runtime/errc.hpp"
#include "tests/transport/http/certificates.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(tls_identity, changed_files_are_read_again_and_broken_ones_are_not_used) {
  const authority ours;
  const auto files = ours.sign();
  auto opened = tls_identity::open(files);
  ASSERT_TRUE(opened);
  auto& identity = **opened;
  auto at = now();
  const auto first = identity.current(at);
  EXPECT_EQ(identity.current(at += 10s), first);
  replace(files, ours.sign());
  EXPECT_EQ(identity.current(at + 500ms), first);  // not looked at yet
  const auto second = identity.current(at += 1s);
  EXPECT_NE(second, first);
  const auto third_files = ours.sign();
  config::tls_spec half = third_files;
  half.key = ours.folder() + "/none";
  std::rename(third_files.certificate.c_str(), files.certificate.c_str());
  EXPECT_EQ(identity.current(at += 1s), second);  // the key is still another's
  std::rename(third_files.key.c_str(), files.key.c_str());
  EXPECT_NE(identity.current(at += 1s), second);
}

TEST(tls_identity, another_is_taken_over_with_its_files) {
  const authority ours;
  const auto old_files = ours.sign(), new_files = ours.sign();
  const auto opened = tls_identity::open(old_files), fresh = tls_identity::open(new_files);
  ASSERT_TRUE(opened && fresh);
  auto& identity = **opened;
  auto at = now();
  const auto first = identity.current(at);
  identity.adopt(**fresh);
  const auto second = identity.current(at);  // at once
  EXPECT_EQ(second, (*fresh)->current(at));
  EXPECT_NE(second, first);
  replace(old_files, ours.sign());
  EXPECT_EQ(identity.current(at += 1s), second);  // no longer its files
  replace(new_files, ours.sign());
  EXPECT_NE(identity.current(at += 1s), second);
}

TEST(tls_context, mistakes_name_the_file) {
  const authority ours;
  const auto good = ours.sign();
  const auto text_of = [](const config::tls_spec& files) {
    auto made = tls_context::of_server(files);
    return made ? std::string{} : failure_text(made.error());
  };
  EXPECT_EQ(text_of(good), "");
  EXPECT_THAT(text_of({"/no/such.pem", good.key, ""}), HasSubstr("/no/such.pem"));
  EXPECT_THAT(text_of({"/no/such.pem", good.key, ""}), HasSubstr("No such file"));
  EXPECT_THAT(text_of({good.certificate, "/no/such.key", ""}), HasSubstr("/no/such.key"));
  EXPECT_THAT(text_of({good.certificate, ours.sign().key, ""}), HasSubstr("mismatch"));
  EXPECT_THAT(text_of({good.certificate, good.certificate, ""}), HasSubstr(good.certificate));
  EXPECT_THAT(text_of({good.certificate, good.key, good.key}), HasSubstr(good.key));
  EXPECT_FALSE(tls_context::of_client("/no/such.pem"));
  EXPECT_TRUE(tls_context::of_client(""));
}

}  // namespace
}  // namespace troupe::transport::http
