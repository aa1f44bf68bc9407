// Writes GGUF version 3: metadata and tensors, alignment 32, in the order they were added.
//
// Thread: one owner.
// Errors: io_error from write(). A key or tensor added twice is our own bug.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/model/gguf_file.hpp"
#include "engine/embedded/model/gguf_format.hpp"

namespace troupe::engine {

class gguf_writer {
 public:
  // Adds one metadata value.
  void add_uint(const std::string& key, std::uint32_t value);
  void add_float(const std::string& key, float value);
  void add_bool(const std::string& key, bool value);
  void add_string(const std::string& key, std::string_view value);
  void add_strings(const std::string& key, std::span<const std::string> values);
  void add_ints(const std::string& key, std::span<const std::int32_t> values);
  void add_floats(const std::string& key, std::span<const float> values);

  // Adds a tensor from float values, dims[0] contiguous; dims[0] must fit the type's block.
  void add_tensor(const std::string& name, tensor_type type, std::span<const std::uint64_t> dims,
                  std::span<const float> values);

  // Returns the whole file. It ends with the last tensor's last byte, without padding.
  std::vector<std::byte> bytes() const;

  // Writes the file under a temporary name and renames it, so that no reader sees half of it.
  caf::error write(const std::string& path) const;

 private:
  void add_key(const std::string& key, gguf_tag tag);
  void add_array(const std::string& key, gguf_tag tag, std::size_t count);

  std::set<std::string> keys_, names_;
  std::vector<std::byte> metadata_, directory_, data_;
};

}  // namespace troupe::engine
