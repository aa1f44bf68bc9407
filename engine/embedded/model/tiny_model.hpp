// Makes a small but whole Llama-architecture GGUF file: random weights, a byte-level BPE
// vocabulary with a few hundred English merges, and a ChatML template. For tests, and for a first
// run without a network.
//
// Units: the same options give the same bytes on every machine.
// Errors: invalid_config names the option; io_error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/embedded/model/gguf_file.hpp"

namespace troupe::engine {

struct tiny_model_options {
  std::uint64_t seed = 1;
  std::uint32_t layers = 2;
  std::uint32_t hidden = 64;  // a multiple of heads, and of 32 where the type has blocks
  std::uint32_t heads = 4;
  std::uint32_t kv_heads = 2;  // divides heads
  std::uint32_t ffn = 128;     // like hidden
  std::uint32_t context = 4096;
  tensor_type type = tensor_type::q8_0;  // of matrices; norms are always f32
  bool tied = true;                      // the head is the embedding
};

// Returns the file's bytes.
caf::expected<std::vector<std::byte>> make_tiny_model_bytes(const tiny_model_options& options);

// Writes the file, whole or not at all.
caf::error make_tiny_model(const std::string& path, const tiny_model_options& options);

}  // namespace troupe::engine
