// Frames between nodes: what is written is read, and what is not a frame is refused.
#include "transport/zmq/link_frame.hpp"

#include <gmock/gmock.h>

namespace troupe::transport::zmq {
namespace {

node_description sample_node() {
  node_description node;
  node.id = {"a", 1234567890123};
  node.endpoint = "tcp://10.0.0.1:7000";
  node.labels = {{"gpu", "h100"}, {"zone", "eu"}};
  node.roles = {"router", "engine"};
  node.protocol = 3;
  node.weight = 7;
  return node;
}

TEST(link_frame, header_survives_the_wire) {
  const link_header header{frame_kind::batch, lane::data, 0x1122334455667788, 42};
  const auto bytes = write_header(header);
  EXPECT_EQ(bytes.size(), frame_limits::header_bytes);
  EXPECT_EQ(read_header(bytes), header);
  EXPECT_EQ(bytes[8], '\x88') << "little endian";
}

TEST(link_frame, header_is_refused_where_it_is_none) {
  const auto good = write_header({frame_kind::letter});
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read_header(good.substr(0, size))) << size;
  }
  for (const auto& [at, byte] :
       {std::pair{0u, 'X'}, {3u, '\0'}, {3u, '\x08'}, {4u, '\x02'}, {6u, '\1'}}) {
    auto bad = good;
    bad[at] = byte;
    EXPECT_FALSE(read_header(bad)) << at;
  }
  auto later = good;
  later[2] = 2;
  later[4] = 9;
  ASSERT_TRUE(read_header(later)) << "of another version only kind and version are looked at";
  EXPECT_EQ(read_header(later)->version, 2);
}

TEST(link_frame, hello_survives_the_wire_and_no_part_of_it_is_one) {
  const link_hello hello{"prod", sample_node(), {99, {"int", "", std::string(255, 'x')}}};
  const auto frame = hello_frame(hello);
  const auto body = body_of(frame);
  const auto read = std::get<link_hello>(read_hello(body));
  EXPECT_EQ(read.cluster, hello.cluster);
  EXPECT_EQ(read.node, hello.node);
  EXPECT_EQ(read.catalogue.hash, 99u);
  EXPECT_EQ(read.catalogue.names, hello.catalogue.names);
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_TRUE(std::holds_alternative<wire_error>(read_hello(body.substr(0, size)))) << size;
  }
  EXPECT_TRUE(std::holds_alternative<wire_error>(read_hello(std::string{body} + "x")));
}

TEST(link_frame, welcome_and_refusal_survive_the_wire) {
  const auto welcome = welcome_frame(77, sample_node());
  EXPECT_EQ(read_header(welcome)->token, 77u);
  EXPECT_EQ(std::get<node_description>(read_welcome(body_of(welcome))), sample_node());

  const auto refusal = refusal_frame({refusal_reason::catalogue, std::string(300, 'x')});
  const auto read = std::get<link_refusal>(read_refusal(body_of(refusal)));
  EXPECT_EQ(read.reason, refusal_reason::catalogue);
  EXPECT_EQ(read.text, std::string(255, 'x'));
  EXPECT_TRUE(std::holds_alternative<wire_error>(read_refusal(std::string{"\0\0", 2})));
  EXPECT_TRUE(std::holds_alternative<wire_error>(read_refusal(std::string{"\x08\0", 2})));
}

TEST(link_frame, batch_is_read_record_by_record) {
  std::string body;
  append_record(body, "one", 2);
  append_record(body, "", 0);
  append_record(body, std::string(70'000, 'x'), 16);
  EXPECT_TRUE(is_batch(body, 18));
  EXPECT_FALSE(is_batch(body, 17)) << "a blob is missing";
  EXPECT_FALSE(is_batch(body, 19)) << "a blob belongs to nobody";
  batch_reader in{body};
  const auto first = in.next();
  EXPECT_EQ(first->bytes, "one");
  EXPECT_EQ(first->blobs, 2u);
  EXPECT_EQ(in.next()->bytes, "");
  EXPECT_EQ(in.next()->bytes.size(), 70'000u);
  EXPECT_FALSE(in.next());
  EXPECT_TRUE(in.is_whole());
}

TEST(link_frame, batch_out_of_bounds_is_none) {
  std::string body;
  append_record(body, "one", 0);
  for (std::size_t size = 1; size < body.size(); ++size) {
    EXPECT_FALSE(is_batch(body.substr(0, size), 0)) << size;
  }
  std::string blobs;
  append_record(blobs, "x", link_bounds::blobs_max + 1);
  EXPECT_FALSE(is_batch(blobs, link_bounds::blobs_max + 1));
  std::string large;
  append_record(large, std::string(link_bounds::record_bytes_max + 1, 'x'), 0);
  EXPECT_FALSE(is_batch(large, 0));
  EXPECT_FALSE(is_batch(std::string{"\xff\xff\xff\xff\0", 5}, 0)) << "4 GB, says the record";
}

}  // namespace
}  // namespace troupe::transport::zmq
