#include "engine/embedded/model/kernels/matmul.hpp"

#include <cmath>
#include <cstring>

#include "engine/embedded/model/forward_buffers.hpp"
#include "engine/embedded/model/gguf_format.hpp"
#include "engine/embedded/model/gguf_quantise.hpp"
#include "engine/embedded/model/kernels/elementwise.hpp"
#include "tests/engine/embedded/model/forced_target.hpp"
#include "tests/engine/embedded/model/loaded_model.hpp"
#include "tests/engine/embedded/model/reference_forward.hpp"

namespace troupe::engine {
namespace {

struct matrix {
  std::vector<std::byte> bytes;
  matrix_view view;

  matrix(tensor_type type, std::uint32_t rows, std::uint32_t columns)
      : bytes{quantise(type, random_floats(std::size_t{rows} * columns, rows + columns))} {
    view = {type, rows, columns, bytes.data(), bytes.size() / rows};
  }
};

// Activation rows with their int8 form, made by the kernels themselves.
struct input_rows {
  aligned_array<float> values, scales;
  aligned_array<std::int8_t> quantised;
  aligned_array<std::int32_t> sums;
  kernels::activations view;

  explicit input_rows(const float_rows& rows) {
    view.rows = static_cast<std::uint32_t>(rows.size());
    view.columns = kernels::padded(static_cast<std::uint32_t>(rows[0].size()));
    values.ensure(std::size_t{view.rows} * view.columns);
    quantised.ensure(std::size_t{view.rows} * view.columns);
    scales.ensure(std::size_t{view.rows} * view.blocks());
    sums.ensure(std::size_t{view.rows} * view.blocks());
    view.values = values.data();
    view.quantised = quantised.data();
    view.scales = scales.data();
    view.sums = sums.data();
    for (std::uint32_t i = 0; i < view.rows; ++i) {
      std::copy(rows[i].begin(), rows[i].end(), view.row(i));
      kernels::quantise_row(view, i);
    }
  }
};

float_rows product(const matrix_view& weights, const kernels::activations& input) {
  aligned_array<std::byte> scratch;
  scratch.ensure(kernels::tile_scratch_bytes(weights.columns));
  const std::size_t stride = weights.rows + 3;  // shows writes beyond the last weight row
  std::vector<float> out(input.rows * stride, 1e30F);
  for (std::uint32_t row = 0; row < weights.rows; row += kernels::tile_rows) {
    kernels::multiply_tile(weights, row, input, {out.data(), stride, scratch.data()});
  }
  float_rows rows;
  for (std::size_t i = 0; i < input.rows; ++i) {
    const auto* from = out.data() + i * stride;
    for (std::size_t j = weights.rows; j < stride; ++j) EXPECT_EQ(from[j], 1e30F);
    rows.emplace_back(from, from + weights.rows);
  }
  return rows;
}

float_rows random_rows(std::uint32_t count, std::uint32_t columns) {
  float_rows rows;
  for (std::uint32_t i = 0; i < count; ++i) {
    rows.push_back(random_floats(columns, 77 + i, std::pow(10.0F, static_cast<float>(i % 5) - 2)));
  }
  return rows;
}

void expect_near(const float_rows& ours, const float_rows& reference, const float_rows& input) {
  for (std::size_t i = 0; i < ours.size(); ++i) {
    double norm = 0;
    for (const double value : input[i]) norm += value * value;
    for (std::size_t j = 0; j < ours[i].size(); ++j) {
      ASSERT_NEAR(ours[i][j], reference[i][j], 1e-5 * std::sqrt(norm) + 1e-12) << i << ", " << j;
    }
  }
}

constexpr tensor_type all_types[] = {tensor_type::f32,  tensor_type::f16,  tensor_type::bf16,
                                     tensor_type::q8_0, tensor_type::q4_0, tensor_type::q4_1};

TEST(Matmul, AgreesWithTheReferenceForEveryTypeAndRowCount) {
  for (const auto target : available_targets()) {
    const forced_target forced{target};
    for (const auto type : all_types) {
      SCOPED_TRACE(std::string{hwy::TargetName(target)} + " " +
                   type_name(static_cast<std::uint32_t>(type)));
      const matrix weights{type, 37, 96};
      for (const std::uint32_t count : {1U, 2U, 3U, 7U, 8U, 19U}) {
        const auto rows = random_rows(count, 96);
        const input_rows input{rows};
        expect_near(product(weights.view, input.view), reference_product(weights.view, rows), rows);
      }
    }
  }
}

TEST(Matmul, TakesFloatColumnsThatFillNoBlock) {
  for (const auto type : {tensor_type::f32, tensor_type::f16, tensor_type::bf16}) {
    for (const std::uint32_t columns : {1U, 5U, 31U, 33U, 50U}) {
      const matrix weights{type, 16, columns};
      const auto rows = random_rows(3, columns);
      const input_rows input{rows};
      expect_near(product(weights.view, input.view), reference_product(weights.view, rows), rows);
    }
  }
}

// The heart of batch invariance: one row's bits, whoever its neighbours are, on every processor.
TEST(Matmul, GivesTheSameBitsAloneInABatchAndOnEveryInstructionSet) {
  for (const auto type : all_types) {
    SCOPED_TRACE(type_name(static_cast<std::uint32_t>(type)));
    const matrix weights{type, 35, 128};
    const auto rows = random_rows(11, 128);
    const auto base = product(weights.view, input_rows{rows}.view);
    for (const auto target : available_targets()) {
      const forced_target forced{target};
      EXPECT_EQ(product(weights.view, input_rows{rows}.view), base) << hwy::TargetName(target);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(product(weights.view, input_rows{{rows[i]}}.view)[0], base[i]) << i;
      }
    }
  }
}

// Bytes at the ends of their ranges: a product of pairs in 16 bits would saturate here.
TEST(Matmul, IsExactAtTheExtremesOfQ8) {
  std::vector<std::byte> bytes;
  for (std::uint32_t row = 0; row < 16; ++row) {
    const auto one = to_half(1.0F);
    bytes.push_back(static_cast<std::byte>(one & 0xFFU));
    bytes.push_back(static_cast<std::byte>(one >> 8U));
    const auto value = row % 2 == 0 ? std::int8_t{-128} : std::int8_t{127};
    for (int i = 0; i < 32; ++i) bytes.push_back(static_cast<std::byte>(value));
  }
  const matrix_view weights{tensor_type::q8_0, 16, 32, bytes.data(), 34};
  const float_rows rows{std::vector<float>(32, 127.0F), std::vector<float>(32, -127.0F)};
  for (const auto target : available_targets()) {
    const forced_target forced{target};
    const auto out = product(weights, input_rows{rows}.view);
    EXPECT_EQ(out[0][0], -128.0F * 127 * 32);
    EXPECT_EQ(out[0][1], 127.0F * 127 * 32);
    EXPECT_EQ(out[1][0], 128.0F * 127 * 32);
  }
}

TEST(Matmul, WidensRowsOfEveryType) {
  for (const auto type : all_types) {
    const matrix weights{type, 4, 64};
    const auto all = dequantise(type, weights.bytes);
    std::vector<float> row(64);
    kernels::widen_row(weights.view, 2, row.data());
    EXPECT_EQ(row, std::vector<float>(all.begin() + 128, all.begin() + 192));
  }
}

}  // namespace
}  // namespace troupe::engine
