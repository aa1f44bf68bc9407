// A tiny model in memory with an arena for it, and random numbers for tests.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "engine/embedded/model/kv_arena.hpp"
#include "engine/embedded/model/model.hpp"
#include "engine/embedded/model/tiny_model.hpp"

namespace troupe::engine {

struct loaded_model {
  std::vector<std::byte> bytes;
  std::unique_ptr<gguf_file> file;
  std::unique_ptr<model> weights;
  std::unique_ptr<kv_arena> arena;

  explicit loaded_model(const tiny_model_options& options, std::uint32_t blocks = 256)
      : loaded_model{*make_tiny_model_bytes(options), blocks} {}

  explicit loaded_model(std::vector<std::byte> file_bytes, std::uint32_t blocks = 256)
      : bytes{std::move(file_bytes)} {
    file = std::move(*gguf_file::parse(bytes.data(), bytes.size()));
    weights = std::move(*model::load(*file));
    arena = std::move(*kv_arena::make(weights->shape().kv(), blocks));
  }

  std::uint32_t vocab() const { return weights->shape().vocab; }
};

inline std::vector<float> random_floats(std::size_t count, std::uint32_t seed, float spread = 1) {
  std::mt19937 generator{seed};
  std::normal_distribution<float> normal{0, spread};
  std::vector<float> out(count);
  for (auto& value : out) value = normal(generator);
  return out;
}

inline std::vector<std::int32_t> random_tokens(std::size_t count, std::uint32_t vocab,
                                               std::uint32_t seed) {
  std::mt19937 generator{seed};
  std::vector<std::int32_t> out(count);
  for (auto& token : out) token = static_cast<std::int32_t>(generator() % vocab);
  return out;
}

}  // namespace troupe::engine
