#include "engine/embedded/model/gguf_writer.hpp"

#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <unistd.h>

#include "engine/embedded/model/gguf_quantise.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

template <class T>
void append(std::vector<std::byte>& out, T value) {
  const auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_string(std::vector<std::byte>& out, std::string_view text) {
  append(out, std::uint64_t{text.size()});
  const auto* from = reinterpret_cast<const std::byte*>(text.data());
  out.insert(out.end(), from, from + text.size());
}

void pad(std::vector<std::byte>& out) {
  while (out.size() % gguf_alignment_default != 0) out.push_back(std::byte{0});
}

}  // namespace

void gguf_writer::add_key(const std::string& key, gguf_tag tag) {
  TROUPE_ASSERT(keys_.insert(key).second);
  append_string(metadata_, key);
  append(metadata_, static_cast<std::uint32_t>(tag));
}

void gguf_writer::add_array(const std::string& key, gguf_tag tag, std::size_t count) {
  add_key(key, gguf_tag::array);
  append(metadata_, static_cast<std::uint32_t>(tag));
  append(metadata_, std::uint64_t{count});
}

void gguf_writer::add_uint(const std::string& key, std::uint32_t value) {
  add_key(key, gguf_tag::uint32);
  append(metadata_, value);
}

void gguf_writer::add_float(const std::string& key, float value) {
  add_key(key, gguf_tag::float32);
  append(metadata_, value);
}

void gguf_writer::add_bool(const std::string& key, bool value) {
  add_key(key, gguf_tag::boolean);
  append(metadata_, static_cast<std::uint8_t>(value ? 1 : 0));
}

void gguf_writer::add_string(const std::string& key, std::string_view value) {
  add_key(key, gguf_tag::string);
  append_string(metadata_, value);
}

void gguf_writer::add_strings(const std::string& key, std::span<const std::string> values) {
  add_array(key, gguf_tag::string, values.size());
  for (const auto& value : values) append_string(metadata_, value);
}

void gguf_writer::add_ints(const std::string& key, std::span<const std::int32_t> values) {
  add_array(key, gguf_tag::int32, values.size());
  for (const auto value : values) append(metadata_, value);
}

void gguf_writer::add_floats(const std::string& key, std::span<const float> values) {
  add_array(key, gguf_tag::float32, values.size());
  for (const auto value : values) append(metadata_, value);
}

void gguf_writer::add_tensor(const std::string& name, tensor_type type,
                             std::span<const std::uint64_t> dims, std::span<const float> values) {
  TROUPE_ASSERT(names_.insert(name).second);
  std::uint64_t elements = 1;
  for (const auto dim : dims) elements *= dim;
  TROUPE_ASSERT(elements == values.size());
  pad(data_);
  append_string(directory_, name);
  append(directory_, static_cast<std::uint32_t>(dims.size()));
  for (const auto dim : dims) append(directory_, dim);
  append(directory_, static_cast<std::uint32_t>(type));
  append(directory_, std::uint64_t{data_.size()});
  const auto encoded = quantise(type, values);
  data_.insert(data_.end(), encoded.begin(), encoded.end());
}

std::vector<std::byte> gguf_writer::bytes() const {
  std::vector<std::byte> out;
  out.reserve(metadata_.size() + directory_.size() + data_.size() + 64);
  append(out, gguf_magic);
  append(out, std::uint32_t{3});
  append(out, std::uint64_t{names_.size()});
  append(out, std::uint64_t{keys_.size()});
  for (const auto* part : {&metadata_, &directory_}) {
    out.insert(out.end(), part->begin(), part->end());
  }
  if (!data_.empty()) pad(out);
  out.insert(out.end(), data_.begin(), data_.end());
  return out;
}

caf::error gguf_writer::write(const std::string& path) const {
  const auto content = bytes();
  const auto temporary = path + ".part" + std::to_string(::getpid());
  auto* file = std::fopen(temporary.c_str(), "wb");
  bool good = file != nullptr;
  good = good && std::fwrite(content.data(), 1, content.size(), file) == content.size();
  int code = errno;
  if (file != nullptr && std::fclose(file) != 0) {
    good = false;
    code = errno;
  }
  if (good && std::rename(temporary.c_str(), path.c_str()) == 0) return caf::none;
  if (good) code = errno;
  std::remove(temporary.c_str());
  return make_failure(errc::io_error, path + ": cannot write: " + std::strerror(code));
}

}  // namespace troupe::engine
