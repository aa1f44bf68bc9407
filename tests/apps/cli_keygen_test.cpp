#include "apps/cli_keygen.hpp"

#include <filesystem>

#include <unistd.h>

#include "runtime/errc.hpp"
#include "tests/apps/parse.hpp"
#include "transport/zmq/cluster_key.hpp"

namespace troupe::apps {
namespace {

TEST(cli_keygen, takes_a_file) {
  EXPECT_EQ(parse_as<keygen_command>("keygen cluster.key").file, "cluster.key");
  EXPECT_NE(mistake_of("keygen"), "");
  EXPECT_NE(mistake_of("keygen a b"), "");
}

TEST(cli_keygen, writes_a_key_once_and_does_not_print_the_secret) {
  const auto file = testing::TempDir() + "cli_keygen_test_" + std::to_string(::getpid());
  const auto text = write_new_cluster_key(file);
  ASSERT_TRUE(text) << failure_text(text.error());
  const auto key = transport::zmq::read_cluster_key(file);
  EXPECT_FALSE(write_new_cluster_key(file)) << "it would be lost";
  std::filesystem::remove(file);
  ASSERT_TRUE(key) << failure_text(key.error());
  EXPECT_NE(text->find(key->public_key), std::string::npos);
  EXPECT_EQ(text->find(key->secret_key), std::string::npos);
}

}  // namespace
}  // namespace troupe::apps
