// Fills a gguf_file from bytes: header, metadata, tensor directory, fingerprint.
//
// Bounds: no count is trusted before it was compared with the bytes that are left, so memory stays
// within a small multiple of the file's size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/embedded/model/gguf_cursor.hpp"
#include "engine/embedded/model/gguf_file.hpp"
#include "engine/embedded/model/gguf_format.hpp"

namespace troupe::engine {

class gguf_parser {
 public:
  gguf_parser(const std::byte* data, std::size_t size)
      : data_{data}, size_{size}, cursor_{data, size}, file_{new gguf_file} {}

  // Parses everything and hands the file over.
  caf::expected<std::unique_ptr<gguf_file>> run();

  // Hands a mapping over to a parsed file, which then unmaps it.
  static void adopt_mapping(gguf_file& file, void* mapping, std::size_t bytes);

 private:
  caf::error read_header();
  caf::error read_metadata();
  caf::error read_value(const std::string& key);
  caf::expected<gguf_value> read_scalar(const std::string& key, gguf_tag tag);
  caf::expected<gguf_value> read_array(const std::string& key);
  caf::error read_directory();
  caf::error read_tensor();
  caf::error place_tensors();
  caf::error read_alignment();

  const std::byte* data_;
  std::size_t size_;
  gguf_cursor cursor_;
  std::unique_ptr<gguf_file> file_;
  std::uint64_t tensor_count_ = 0;
  std::uint64_t value_count_ = 0;
  std::uint64_t alignment_ = gguf_alignment_default;
  std::vector<std::uint64_t> offsets_;  // of each tensor, from the start of the data section
};

}  // namespace troupe::engine
