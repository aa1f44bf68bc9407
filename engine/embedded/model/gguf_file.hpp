// A GGUF model file, mapped read-only: metadata by key, tensors by name, nothing copied.
//
// Thread: immutable after open, so any thread may read.
// Bounds: every count, length and offset of the file is checked against its size before use.
// Errors: malformed_file, unsupported, io_error; the text names the key or tensor.
// Source: the GGUF specification, version 2 and 3 (ggml project, docs/gguf.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/errc.hpp"

namespace troupe::engine {

// Values are those of the file format.
enum class tensor_type : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q8_0 = 8,
  bf16 = 30
};

struct tensor_view {
  std::string name;
  tensor_type type = tensor_type::f32;
  std::array<std::uint64_t, 4> dims{1, 1, 1, 1};  // dims[0] is contiguous: a row's length
  const std::byte* data = nullptr;
  std::size_t bytes = 0;
};

using gguf_value =
    std::variant<std::uint64_t, std::int64_t, double, bool, std::string,
                 std::vector<std::string_view>, std::vector<std::int64_t>, std::vector<double>>;

class gguf_file {
 public:
  // Maps the file and checks its whole structure.
  static caf::expected<std::unique_ptr<gguf_file>> open(const std::string& path);

  // The same for bytes already in memory (tests, fuzzers); the bytes must outlive the object.
  static caf::expected<std::unique_ptr<gguf_file>> parse(const std::byte* data, std::size_t size);

  ~gguf_file();
  gguf_file(const gguf_file&) = delete;
  gguf_file& operator=(const gguf_file&) = delete;

  // Returns the value of a key, null where the file lacks it.
  const gguf_value* find(std::string_view key) const;

  // Typed look-ups; an absent key or another type is an error that names the key.
  caf::expected<std::uint64_t> get_uint(std::string_view key) const;
  caf::expected<double> get_number(std::string_view key) const;
  caf::expected<std::string> get_string(std::string_view key) const;
  caf::expected<std::vector<std::string_view>> get_strings(std::string_view key) const;

  // Returns the tensor of that name, null where the file lacks it.
  const tensor_view* tensor(std::string_view name) const;
  const std::vector<tensor_view>& tensors() const { return tensors_; }

  // XXH3-128 of metadata and tensor directory, as 32 hex digits: the model's fingerprint.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  gguf_file() = default;
  friend class gguf_parser;

  void* mapping_ = nullptr;  // null for parse()
  std::size_t mapping_bytes_ = 0;
  std::map<std::string, gguf_value, std::less<>> values_;
  std::vector<tensor_view> tensors_;
  std::map<std::string, std::size_t, std::less<>> tensor_index_;
  std::string fingerprint_;
};

}  // namespace troupe::engine
