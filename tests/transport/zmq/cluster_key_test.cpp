// The key pair of a cluster: made, written, read, and what is said of a file that holds none.
#include "transport/zmq/cluster_key.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/errc.hpp"

namespace troupe::transport::zmq {
namespace {

using testing::HasSubstr;

std::string mistake_of(const std::string& text) {
  const auto key = parse_cluster_key(text);
  return key ? "none" : failure_text(key.error());
}

class cluster_key_file : public testing::Test {
 protected:
  cluster_key_file() {
    std::string name = testing::TempDir() + "cluster_key_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~cluster_key_file() override { std::filesystem::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
};

TEST(cluster_key, reads_what_it_writes) {
  const auto key = make_cluster_key();
  ASSERT_TRUE(key) << failure_text(key.error());
  EXPECT_NE(*key, *make_cluster_key());
  const auto read = parse_cluster_key(to_text(*key));
  ASSERT_TRUE(read) << failure_text(read.error());
  EXPECT_EQ(*read, *key);
}

TEST(cluster_key, says_what_is_wrong_and_where) {
  const auto key = *make_cluster_key();
  const auto half = "public: " + key.public_key + "\n";
  EXPECT_THAT(mistake_of(""), HasSubstr("no line \"public: \""));
  EXPECT_THAT(mistake_of(half), HasSubstr("no line \"secret: \""));
  EXPECT_THAT(mistake_of(half + half), HasSubstr("line 2: a second key"));
  EXPECT_THAT(mistake_of("# a note\nsecret: short"), HasSubstr("line 2: not 40 characters"));
  EXPECT_THAT(mistake_of("public: " + std::string(40, '~')), HasSubstr("line 1: not 40"));
  EXPECT_THAT(mistake_of("private: x"), HasSubstr("line 1: neither"));
  EXPECT_THAT(mistake_of(half + "secret: " + make_cluster_key()->secret_key),
              HasSubstr("do not belong together"));
  EXPECT_THAT(mistake_of(std::string(5'000, '\n')), HasSubstr("too long"));
}

TEST_F(cluster_key_file, is_for_its_owner_alone) {
  const auto key = *make_cluster_key();
  ASSERT_TRUE(write_cluster_key(at("key"), key));
  struct stat known {};
  ASSERT_EQ(::stat(at("key").c_str(), &known), 0);
  EXPECT_EQ(known.st_mode & 0777, 0600u);
  EXPECT_EQ(*read_cluster_key(at("key")), key);

  ASSERT_EQ(::chmod(at("key").c_str(), 0640), 0);
  const auto open_to_all = read_cluster_key(at("key"));
  ASSERT_FALSE(open_to_all);
  EXPECT_THAT(failure_text(open_to_all.error()), HasSubstr("readable by others"));
}

TEST_F(cluster_key_file, is_not_written_over) {
  const auto key = *make_cluster_key();
  ASSERT_TRUE(write_cluster_key(at("key"), key));
  const auto again = write_cluster_key(at("key"), *make_cluster_key());
  ASSERT_FALSE(again);
  EXPECT_THAT(failure_text(again.error()), HasSubstr("File exists"));
  EXPECT_EQ(*read_cluster_key(at("key")), key);
}

TEST_F(cluster_key_file, that_is_none_is_an_error_that_names_it) {
  const auto missing = read_cluster_key(at("none"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(failure_text(missing.error()), HasSubstr(at("none")));
  EXPECT_FALSE(read_cluster_key(folder_)) << "a folder";
}

}  // namespace
}  // namespace troupe::transport::zmq
