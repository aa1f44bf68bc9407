#include "engine/embedded/model/gguf_quantise.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/embedded/model/gguf_writer.hpp"
#include "engine/embedded/model/tiny_model.hpp"

namespace troupe::engine {
namespace {

std::vector<float> wave(std::size_t count) {
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = std::sin(static_cast<float>(i) * 0.7F) * 3.0F;
  return out;
}

float largest_error(tensor_type type, const std::vector<float>& values) {
  const auto back = dequantise(type, quantise(type, values));
  float worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    worst = std::max(worst, std::fabs(values[i] - back[i]));
  }
  return worst;
}

TEST(gguf_quantise, half_precision_rounds_to_even) {
  EXPECT_EQ(to_half(1.0F), 0x3C00);
  EXPECT_EQ(to_half(-2.0F), 0xC000);
  EXPECT_EQ(to_half(65504.0F), 0x7BFF);
  EXPECT_EQ(to_half(65520.0F), 0x7C00);
  EXPECT_EQ(to_half(1.0F + 0x1p-11F), 0x3C00);      // a tie: to even
  EXPECT_EQ(to_half(1.0F + 3 * 0x1p-11F), 0x3C02);  // a tie: to even
  EXPECT_EQ(to_half(0x1p-24F), 0x0001);             // the smallest subnormal
  EXPECT_EQ(to_half(0x1p-26F), 0x0000);
  EXPECT_EQ(to_half(std::numeric_limits<float>::infinity()), 0x7C00);
  EXPECT_TRUE(std::isnan(from_half(to_half(std::nanf("")))));
  // Every half but the NaNs survives the way there and back.
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    const auto value = from_half(static_cast<std::uint16_t>(half));
    if (!std::isnan(value)) {
      ASSERT_EQ(to_half(value), half);
    }
  }
}

TEST(gguf_quantise, bfloat_rounds_to_even) {
  EXPECT_EQ(to_bfloat(1.0F), 0x3F80);
  EXPECT_EQ(to_bfloat(1.0F + 0x1p-8F), 0x3F80);
  EXPECT_EQ(to_bfloat(1.0F + 3 * 0x1p-8F), 0x3F82);
}

TEST(gguf_quantise, errors_stay_within_half_a_step) {
  const auto values = wave(128);
  EXPECT_EQ(largest_error(tensor_type::f32, values), 0);
  EXPECT_LT(largest_error(tensor_type::f16, values), 0.002F);
  EXPECT_LT(largest_error(tensor_type::bf16, values), 0.016F);
  EXPECT_LT(largest_error(tensor_type::q8_0, values), 3.0F / 127 * 0.51F);
  EXPECT_LT(largest_error(tensor_type::q4_1, values), 6.0F / 15 * 0.52F);
  EXPECT_LT(largest_error(tensor_type::q4_0, values), 3.0F / 8 * 1.05F);
}

TEST(gguf_quantise, nibbles_lie_as_ggml_lays_them) {
  std::vector<float> values(32, 0.0F);
  values[0] = -8;  // d = 1, q = 0
  values[16] = 7;  // q = 15
  values[1] = 1;   // q = 9
  const auto bytes = quantise(tensor_type::q4_0, values);
  ASSERT_EQ(bytes.size(), 18U);
  EXPECT_EQ(bytes[0], std::byte{0x00});
  EXPECT_EQ(bytes[1], std::byte{0x3C});
  EXPECT_EQ(bytes[2], std::byte{0xF0});
  EXPECT_EQ(bytes[3], std::byte{0x89});
  EXPECT_EQ(dequantise(tensor_type::q4_0, bytes), values);
  for (std::size_t i = 0; i < 32; ++i) values[i] = static_cast<float>(i % 16) * 0.5F + 1.0F;
  EXPECT_EQ(dequantise(tensor_type::q4_1, quantise(tensor_type::q4_1, values)), values);
}

TEST(tiny_model, makes_every_type_and_shape) {
  for (const auto type : {tensor_type::f32, tensor_type::f16, tensor_type::bf16, tensor_type::q8_0,
                          tensor_type::q4_0, tensor_type::q4_1}) {
    const auto bytes = make_tiny_model_bytes({.type = type, .tied = false});
    ASSERT_TRUE(bytes);
    const auto file = gguf_file::parse(bytes->data(), bytes->size());
    ASSERT_TRUE(file) << failure_text(file.error());
    EXPECT_EQ((*file)->tensors().size(), 21U);
    EXPECT_EQ((*file)->tensor("output.weight")->type, type);
    EXPECT_EQ((*file)->tensor("blk.1.attn_k.weight")->dims[1], 32U);
    const auto* embedding = (*file)->tensor("token_embd.weight");
    EXPECT_EQ(embedding->dims[1], *(*file)->get_uint("llama.vocab_size"));
  }
}

TEST(tiny_model, refuses_options_that_fit_nothing) {
  for (const auto& options :
       std::vector<tiny_model_options>{{.layers = 0},
                                       {.hidden = 66},
                                       {.hidden = 60},
                                       {.heads = 3},
                                       {.kv_heads = 3},
                                       {.ffn = 100},
                                       {.hidden = 1U << 20U},
                                       {.type = static_cast<tensor_type>(99)}}) {
    const auto bytes = make_tiny_model_bytes(options);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(failure_code(bytes.error(), errc::timeout), errc::invalid_config);
  }
}

}  // namespace
}  // namespace troupe::engine
