#include "engine/embedded/model/gguf_file.hpp"

#include <bit>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/embedded/model/gguf_format.hpp"
#include "engine/embedded/model/gguf_writer.hpp"
#include "engine/embedded/model/tiny_model.hpp"

namespace troupe::engine {
namespace {

using testing::HasSubstr;

// Builds files that the writer refuses to build.
class raw_file {
 public:
  raw_file(std::uint32_t version, std::uint64_t tensors, std::uint64_t values) {
    add(gguf_magic).add(version).add(tensors).add(values);
  }

  template <class T>
  raw_file& add(T value) {
    const auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }

  raw_file& text(const std::string& value) {
    add(std::uint64_t{value.size()});
    for (const char c : value) bytes_.push_back(static_cast<std::byte>(c));
    return *this;
  }

  raw_file& tag(gguf_tag value) { return add(static_cast<std::uint32_t>(value)); }

  // A tensor's directory entry.
  raw_file& tensor(const std::string& name, std::vector<std::uint64_t> dims, std::uint32_t type,
                   std::uint64_t offset) {
    text(name).add(static_cast<std::uint32_t>(dims.size()));
    for (const auto dim : dims) add(dim);
    return add(type).add(offset);
  }

  raw_file& pad(std::size_t data_bytes) {
    while (bytes_.size() % 32 != 0) bytes_.push_back(std::byte{0});
    bytes_.insert(bytes_.end(), data_bytes, std::byte{0});
    return *this;
  }

  // The parser's error text, empty where it found none.
  std::string failure() const {
    const auto file = gguf_file::parse(bytes_.data(), bytes_.size());
    return file ? "" : failure_text(file.error());
  }

  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

constexpr auto huge = std::numeric_limits<std::uint64_t>::max() - 7;

TEST(gguf_file, reads_what_the_writer_wrote) {
  gguf_writer writer;
  writer.add_uint("a.count", 7);
  writer.add_float("a.scale", 0.5F);
  writer.add_bool("a.flag", true);
  writer.add_string("a.name", "x\0y");
  const std::vector<std::string> texts{"one", "", "three"};
  const std::vector<std::int32_t> ints{-1, 2};
  const std::vector<float> floats{1.5F};
  writer.add_strings("a.texts", texts);
  writer.add_ints("a.ints", ints);
  writer.add_floats("a.floats", floats);
  const std::uint64_t dims[] = {3, 2};
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  writer.add_tensor("w", tensor_type::f32, dims, values);
  const auto bytes = writer.bytes();
  const auto file = gguf_file::parse(bytes.data(), bytes.size());
  ASSERT_TRUE(file) << failure_text(file.error());
  EXPECT_EQ(*(*file)->get_uint("a.count"), 7U);
  EXPECT_EQ(*(*file)->get_number("a.scale"), 0.5);
  EXPECT_EQ(*(*file)->get_number("a.count"), 7.0);
  EXPECT_TRUE(std::get<bool>(*(*file)->find("a.flag")));
  EXPECT_EQ(*(*file)->get_string("a.name"), "x");
  EXPECT_THAT(*(*file)->get_strings("a.texts"), testing::ElementsAre("one", "", "three"));
  EXPECT_THAT(std::get<std::vector<std::int64_t>>(*(*file)->find("a.ints")),
              testing::ElementsAre(-1, 2));
  EXPECT_THAT(std::get<std::vector<double>>(*(*file)->find("a.floats")), testing::ElementsAre(1.5));
  const auto* tensor = (*file)->tensor("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->dims, (std::array<std::uint64_t, 4>{3, 2, 1, 1}));
  EXPECT_EQ(tensor->bytes, 24U);
  EXPECT_EQ(std::memcmp(tensor->data, values.data(), 24), 0);
  EXPECT_EQ((*file)->tensor("v"), nullptr);
}

TEST(gguf_file, reads_every_scalar_type_and_version_2) {
  raw_file raw{2, 0, 12};
  raw.text("u8").tag(gguf_tag::uint8).add(std::uint8_t{200});
  raw.text("i8").tag(gguf_tag::int8).add(std::int8_t{-2});
  raw.text("u16").tag(gguf_tag::uint16).add(std::uint16_t{60000});
  raw.text("i16").tag(gguf_tag::int16).add(std::int16_t{-300});
  raw.text("u32").tag(gguf_tag::uint32).add(std::uint32_t{4000000000U});
  raw.text("i32").tag(gguf_tag::int32).add(std::int32_t{-70000});
  raw.text("u64").tag(gguf_tag::uint64).add(huge);
  raw.text("i64").tag(gguf_tag::int64).add(std::int64_t{-5});
  raw.text("f64").tag(gguf_tag::float64).add(0.25);
  raw.text("no").tag(gguf_tag::boolean).add(std::uint8_t{0});
  raw.text("flags").tag(gguf_tag::array).tag(gguf_tag::boolean).add(std::uint64_t{2});
  raw.add(std::uint8_t{1}).add(std::uint8_t{0});
  raw.text("wide").tag(gguf_tag::array).tag(gguf_tag::uint64).add(std::uint64_t{1});
  raw.add(std::uint64_t{9});
  const auto file = gguf_file::parse(raw.bytes().data(), raw.bytes().size());
  ASSERT_TRUE(file) << failure_text(file.error());
  EXPECT_EQ(*(*file)->get_uint("u8"), 200U);
  EXPECT_EQ(*(*file)->get_number("i8"), -2);
  EXPECT_EQ(*(*file)->get_uint("u16"), 60000U);
  EXPECT_EQ(*(*file)->get_number("i16"), -300);
  EXPECT_EQ(*(*file)->get_uint("u32"), 4000000000U);
  EXPECT_EQ(*(*file)->get_number("i32"), -70000);
  EXPECT_EQ(*(*file)->get_uint("u64"), huge);
  EXPECT_THAT(failure_text((*file)->get_uint("i64").error()), HasSubstr("'i64'"));
  EXPECT_EQ(*(*file)->get_number("f64"), 0.25);
  EXPECT_FALSE(std::get<bool>(*(*file)->find("no")));
  EXPECT_THAT(std::get<std::vector<std::int64_t>>(*(*file)->find("flags")),
              testing::ElementsAre(1, 0));
}

TEST(gguf_file, typed_lookups_name_the_key) {
  raw_file raw{3, 0, 1};
  raw.text("k").tag(gguf_tag::boolean).add(std::uint8_t{1});
  const auto file = gguf_file::parse(raw.bytes().data(), raw.bytes().size());
  ASSERT_TRUE(file);
  EXPECT_THAT(failure_text((*file)->get_uint("gone").error()), HasSubstr("'gone' is missing"));
  EXPECT_THAT(failure_text((*file)->get_number("k").error()), HasSubstr("'k' is no number"));
  EXPECT_THAT(failure_text((*file)->get_string("k").error()), HasSubstr("'k' is no string"));
  EXPECT_THAT(failure_text((*file)->get_strings("k").error()), HasSubstr("array of strings"));
  EXPECT_EQ(failure_code((*file)->get_uint("k").error(), errc::timeout), errc::malformed_file);
}

TEST(gguf_file, refuses_broken_headers) {
  EXPECT_THAT(raw_file(1, 0, 0).failure(), HasSubstr("version 1"));
  EXPECT_THAT(raw_file(0x03000000, 0, 0).failure(), HasSubstr("big-endian"));
  EXPECT_THAT(raw_file(3, huge, 0).failure(), HasSubstr("tensor count"));
  EXPECT_THAT(raw_file(3, 0, huge).failure(), HasSubstr("metadata count"));
  EXPECT_EQ(raw_file(3, 0, 0).failure(), "");
  const std::string text = "not a model at all, but long enough";
  const auto file = gguf_file::parse(reinterpret_cast<const std::byte*>(text.data()), text.size());
  EXPECT_THAT(failure_text(file.error()), HasSubstr("magic"));
}

TEST(gguf_file, refuses_broken_metadata) {
  EXPECT_THAT(raw_file(3, 0, 1).add(huge).add(huge).failure(), HasSubstr("ends inside"));
  EXPECT_THAT(raw_file(3, 0, 1).text("").add(std::uint64_t{0}).failure(), HasSubstr("length of 0"));
  EXPECT_THAT(raw_file(3, 0, 1).text("k").add(std::uint32_t{13}).failure(),
              HasSubstr("unknown type 13"));
  EXPECT_THAT(raw_file(3, 0, 1).text("k").tag(gguf_tag::boolean).add(std::uint8_t{2}).failure(),
              HasSubstr("neither true nor false"));
  EXPECT_THAT(raw_file(3, 0, 1).text("k").tag(gguf_tag::string).add(huge).failure(),
              HasSubstr("'k'"));
  raw_file twice{3, 0, 2};
  for (int i = 0; i < 2; ++i) twice.text("k").tag(gguf_tag::uint8).add(std::uint8_t{1});
  EXPECT_THAT(twice.failure(), HasSubstr("duplicate key 'k'"));
}

TEST(gguf_file, refuses_broken_arrays) {
  const auto array = [](gguf_tag element, std::uint64_t count) {
    return raw_file{3, 0, 1}.text("k").tag(gguf_tag::array).tag(element).add(count);
  };
  for (const auto tag : {gguf_tag::uint8, gguf_tag::string, gguf_tag::float64}) {
    for (const auto count : {huge, std::uint64_t{1} << 61U, std::uint64_t{2}}) {
      EXPECT_THAT(array(tag, count).failure(), HasSubstr("'k'")) << count;
    }
  }
  EXPECT_THAT(array(gguf_tag::array, 1).failure(), HasSubstr("nested arrays"));
  EXPECT_THAT(array(static_cast<gguf_tag>(99), 1).failure(), HasSubstr("unknown type"));
  EXPECT_THAT(array(gguf_tag::uint64, 1).add(huge).failure(), HasSubstr("out of range"));
  EXPECT_THAT(array(gguf_tag::boolean, 1).add(std::uint8_t{2}).failure(),
              HasSubstr("out of range"));
  EXPECT_THAT(array(gguf_tag::string, 1).add(huge).failure(), HasSubstr("'k'"));
}

TEST(gguf_file, refuses_broken_tensors) {
  const auto one = [](std::vector<std::uint64_t> dims, std::uint32_t type, std::uint64_t offset) {
    return raw_file{3, 1, 0}.tensor("w", std::move(dims), type, offset).pad(64).failure();
  };
  EXPECT_EQ(one({16}, 0, 0), "");
  EXPECT_THAT(one({16}, 12, 0), HasSubstr("'w' has the unsupported type Q4_K"));
  EXPECT_THAT(one({16}, 4, 0), HasSubstr("type 4"));
  EXPECT_THAT(one({}, 0, 0), HasSubstr("0 dimensions"));
  EXPECT_THAT(one({1, 1, 1, 1, 1}, 0, 0), HasSubstr("5 dimensions"));
  EXPECT_THAT(one({0}, 0, 0), HasSubstr("dimension"));
  EXPECT_THAT(one({4, 0}, 0, 0), HasSubstr("dimension"));
  EXPECT_THAT(one({33}, 8, 0), HasSubstr("dimension"));
  EXPECT_THAT(one({huge}, 0, 0), HasSubstr("larger than the file"));
  EXPECT_THAT(one({1ULL << 32U, 1ULL << 32U}, 0, 0), HasSubstr("larger than the file"));
  EXPECT_THAT(one({16}, 0, 1), HasSubstr("not aligned"));
  EXPECT_THAT(one({16}, 0, 32), HasSubstr("outside the file"));
  EXPECT_THAT(one({16}, 0, huge - huge % 32), HasSubstr("outside the file"));
  raw_file twice{3, 2, 0};
  twice.tensor("w", {4}, 0, 0).tensor("w", {4}, 0, 0).pad(64);
  EXPECT_THAT(twice.failure(), HasSubstr("duplicate tensor 'w'"));
}

TEST(gguf_file, obeys_the_alignment_key) {
  const auto with = [](std::uint32_t alignment, std::uint64_t offset) {
    raw_file raw{3, 1, 1};
    raw.text("general.alignment").tag(gguf_tag::uint32).add(alignment);
    return raw.tensor("w", {4}, 0, offset).pad(256).failure();
  };
  EXPECT_EQ(with(64, 64), "");
  EXPECT_THAT(with(64, 32), HasSubstr("not aligned"));
  for (const auto bad : {0U, 4U, 24U, 1U << 30U}) {
    EXPECT_THAT(with(bad, 0), HasSubstr("general.alignment")) << bad;
  }
}

TEST(gguf_file, every_truncation_is_an_error) {
  gguf_writer writer;
  writer.add_string("k", "value");
  writer.add_strings("list", std::vector<std::string>{"a", "bc"});
  const std::uint64_t dims[] = {32};
  writer.add_tensor("w", tensor_type::q8_0, dims, std::vector<float>(32, 1.0F));
  const auto bytes = writer.bytes();
  ASSERT_TRUE(gguf_file::parse(bytes.data(), bytes.size()));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // A copy of just that size lets the address sanitizer see a read past the end.
    const std::vector<std::byte> cut(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(gguf_file::parse(cut.data(), cut.size())) << size;
  }
}

TEST(gguf_file, mutated_headers_never_crash) {
  const auto bytes = *make_tiny_model_bytes({});
  std::mt19937 random{5};
  for (int round = 0; round < 400; ++round) {
    auto mutated = bytes;
    for (int i = 0; i < 4; ++i) mutated[random() % 12000] = static_cast<std::byte>(random());
    const auto file = gguf_file::parse(mutated.data(), mutated.size());
    if (!file) {
      EXPECT_FALSE(failure_text(file.error()).empty());
    }
  }
}

TEST(gguf_file, fingerprint_follows_metadata) {
  const auto one = *make_tiny_model_bytes({}), same = *make_tiny_model_bytes({});
  const auto other = *make_tiny_model_bytes({.seed = 2});
  EXPECT_EQ(one, same);
  const auto print = [](const auto& bytes) {
    return (*gguf_file::parse(bytes.data(), bytes.size()))->fingerprint();
  };
  EXPECT_EQ(print(one).size(), 32U);
  EXPECT_NE(print(one), print(other));
}

TEST(gguf_file, opens_from_disk_and_reports_what_it_cannot) {
  const auto path = testing::TempDir() + "troupe_gguf_file_test.gguf";
  ASSERT_FALSE(make_tiny_model(path, {}));
  {
    const auto file = gguf_file::open(path);
    ASSERT_TRUE(file) << failure_text(file.error());
    EXPECT_EQ(*(*file)->get_string("general.architecture"), "llama");
  }
  std::ofstream{path} << "GGUF";
  EXPECT_THAT(failure_text(gguf_file::open(path).error()), HasSubstr(path));
  std::ofstream{path};
  EXPECT_EQ(failure_code(gguf_file::open(path).error(), errc::timeout), errc::malformed_file);
  std::remove(path.c_str());
  EXPECT_EQ(failure_code(gguf_file::open(path).error(), errc::timeout), errc::io_error);
  EXPECT_EQ(failure_code(make_tiny_model("/nonexistent/x", {}), errc::timeout), errc::io_error);
}

}  // namespace
}  // namespace troupe::engine
