// A Llama-architecture model: its shape and views of its weights inside a mapped GGUF file.
//
// Thread: immutable after load, so any thread may read. The gguf_file must outlive the model.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cuda/kv_layout.hpp"
#include "engine/embedded/model/gguf_file.hpp"

namespace troupe::engine {

struct model_shape {
  std::uint32_t layers = 0;
  std::uint32_t heads = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t hidden = 0;
  std::uint32_t ffn = 0;
  std::uint32_t vocab = 0;
  std::uint32_t context_tokens_max = 0;
  float rope_base = 10000.0F;
  float rms_epsilon = 1e-5F;

  cuda::kv_layout kv(std::uint32_t block_tokens = 16) const {
    return {layers, kv_heads, head_dim, block_tokens};
  }
};

// A weight matrix [rows][columns] in the file's own type; row r starts at data + r * row_bytes.
struct matrix_view {
  tensor_type type = tensor_type::f32;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  const std::byte* data = nullptr;
  std::size_t row_bytes = 0;
};

struct layer_weights {
  std::vector<float> attention_norm, ffn_norm;  // [hidden]
  matrix_view query, key, value, output;
  matrix_view gate, up, down;
};

class model {
 public:
  // Checks that every tensor of the architecture is there with the right dims and a supported type.
  static caf::expected<std::unique_ptr<model>> load(const gguf_file& file);

  const model_shape& shape() const { return shape_; }
  const matrix_view& embedding() const { return embedding_; }  // [vocab][hidden]
  const matrix_view& head() const { return head_; }            // [vocab][hidden]; tied: = embedding
  const std::vector<float>& final_norm() const { return final_norm_; }
  const std::vector<layer_weights>& layers() const { return layers_; }
  const std::vector<float>& rope_factors() const { return rope_factors_; }  // empty: none

 private:
  model() = default;
  friend class model_loader;

  model_shape shape_;
  matrix_view embedding_, head_;
  std::vector<float> final_norm_, rope_factors_;
  std::vector<layer_weights> layers_;
};

}  // namespace troupe::engine
