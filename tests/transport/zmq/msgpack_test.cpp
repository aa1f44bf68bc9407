#include "transport/zmq/msgpack_reader.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "transport/zmq/msgpack_writer.hpp"

namespace troupe::transport::zmq {
namespace {

std::string written(const std::function<void(msgpack_writer&)>& write) {
  std::string out;
  msgpack_writer writer{out};
  write(writer);
  return out;
}

TEST(msgpack, integers_of_every_width_read_back) {
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{255}, std::int64_t{256},
        std::int64_t{65'535}, std::int64_t{65'536}, std::int64_t{1} << 32, std::int64_t{-1},
        std::int64_t{-32}, std::int64_t{-33}, std::int64_t{-128}, std::int64_t{-129},
        std::int64_t{-32'769}, -(std::int64_t{1} << 32), std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    const auto bytes = written([&](auto& w) { w.integer(number); });
    msgpack_reader reader{bytes};
    const auto value = reader.take();
    EXPECT_EQ(value.kind, msgpack_kind::integer) << number;
    EXPECT_EQ(static_cast<std::int64_t>(value.bits), number);
    EXPECT_EQ(value.is_negative, number < 0);
    EXPECT_DOUBLE_EQ(value.number(), static_cast<double>(number));
    EXPECT_TRUE(reader.rest().empty());
  }
}

TEST(msgpack, the_largest_unsigned_integer_is_not_negative) {
  const auto bytes =
      written([](auto& w) { w.unsigned_integer(std::numeric_limits<std::uint64_t>::max()); });
  const auto value = msgpack_reader{bytes}.take();
  EXPECT_FALSE(value.is_negative);
  EXPECT_EQ(value.bits, std::numeric_limits<std::uint64_t>::max());
}

TEST(msgpack, strings_of_every_length_form_read_back) {
  for (const std::size_t size : {0U, 31U, 32U, 255U, 256U, 65'535U, 65'536U}) {
    const std::string content(size, 'x');
    const auto as_text = written([&](auto& w) { w.text(content); });
    const auto as_bytes = written([&](auto& w) { w.bytes(content); });
    const auto text = msgpack_reader{as_text}.take();
    const auto bytes = msgpack_reader{as_bytes}.take();
    EXPECT_EQ(text.kind, msgpack_kind::text);
    EXPECT_EQ(text.bytes, content);
    EXPECT_EQ(bytes.kind, msgpack_kind::bytes);
    EXPECT_EQ(bytes.bytes, content);
  }
}

TEST(msgpack, containers_of_every_length_form_read_back) {
  for (const std::uint32_t count : {0U, 15U, 16U, 65'535U, 65'536U}) {
    const auto bytes = written([&](auto& w) {
      w.array(count);
      for (std::uint32_t i = 0; i < count; ++i) w.nil();
      w.map(count);
      for (std::uint32_t i = 0; i < 2 * count; ++i) w.nil();
      w.real(1.5);
    });
    msgpack_reader reader{bytes};
    const auto array = reader.take();
    EXPECT_EQ(array.children, count);
    reader.skip_children(array);
    const auto map = reader.take();
    EXPECT_EQ(map.kind, msgpack_kind::map);
    EXPECT_EQ(map.children, count);
    reader.skip_children(map);
    EXPECT_DOUBLE_EQ(reader.take().real, 1.5);
  }
}

TEST(msgpack, reads_what_only_others_write) {
  EXPECT_DOUBLE_EQ(msgpack_reader{std::string_view("\xca\x3f\xc0\x00\x00", 5)}.take().real, 1.5);
  EXPECT_EQ(msgpack_reader{"\xc3"}.take().kind, msgpack_kind::boolean);
  EXPECT_EQ(msgpack_reader{std::string_view("\xd4\x05x", 3)}.take().kind, msgpack_kind::extension);
  EXPECT_EQ(msgpack_reader{std::string_view("\xc7\x02\x05xy", 5)}.take().bytes.size(), 3U);
}

TEST(msgpack, malformed_and_cut_values_are_none_for_good) {
  for (const std::string_view bytes :
       {std::string_view{"\xc1\x01", 2}, std::string_view{"\xcf\x01\x02", 3},
        std::string_view{"\xd9\x05xy", 4}, std::string_view{"\x92\x01", 2},
        std::string_view{"\xdf\xff\xff\xff\xff\x01", 6}, std::string_view{"\xd8\x01", 2},
        std::string_view{""}}) {
    msgpack_reader reader{bytes};
    EXPECT_EQ(reader.take().kind, msgpack_kind::none);
    EXPECT_EQ(reader.take().kind, msgpack_kind::none);
  }
}

TEST(msgpack, deep_nesting_is_skipped_without_recursion) {
  const std::string deep(1'000'000, '\x91');
  msgpack_reader reader{deep};
  reader.skip_children(reader.take());
  EXPECT_EQ(reader.take().kind, msgpack_kind::none);
}

TEST(msgpack, every_kind_has_a_name) {
  EXPECT_EQ(to_string(msgpack_kind::map), "a map");
  EXPECT_EQ(to_string(msgpack_kind::none), "a cut or malformed value");
}

}  // namespace
}  // namespace troupe::transport::zmq
