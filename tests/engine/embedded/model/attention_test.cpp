#include "engine/embedded/model/kernels/attention.hpp"

#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/embedded/model/forward_buffers.hpp"
#include "engine/embedded/model/gguf_quantise.hpp"
#include "tests/engine/embedded/model/forced_target.hpp"
#include "tests/engine/embedded/model/loaded_model.hpp"

namespace troupe::engine {
namespace {

// Keys and values of one sequence in a shuffled arena, and queries for `tokens` positions.
struct attention_case {
  std::uint32_t tokens, heads, kv_heads, head_dim;
  std::unique_ptr<kv_arena> arena;
  std::vector<std::uint32_t> blocks;
  std::vector<float> query;  // [token][head][dim]

  attention_case(std::uint32_t count, std::uint32_t dim, std::uint32_t block_tokens = 16)
      : tokens{count}, heads{6}, kv_heads{2}, head_dim{dim} {
    const auto block_count = (tokens + block_tokens - 1) / block_tokens;
    arena = std::move(
        *kv_arena::make(cuda::kv_layout{2, kv_heads, head_dim, block_tokens}, block_count));
    blocks.resize(block_count);
    std::iota(blocks.begin(), blocks.end(), 0);
    std::ranges::shuffle(blocks, std::mt19937{9});
    const auto values = random_floats(arena->layout().block_elements(), 11);
    for (const auto block : blocks) {
      auto* to = arena->block(block);
      for (std::size_t i = 0; i < values.size(); ++i) {
        to[i] = to_half(values[(i * 31 + block) % values.size()]);
      }
    }
    query = random_floats(std::size_t{tokens} * heads * head_dim, 12);
  }

  // [token][head][dim] of positions [first, first + count), tiles as small as `step` tokens.
  std::vector<float> run(std::uint32_t first, std::uint32_t count, std::uint32_t step) const {
    const auto group = heads / kv_heads;
    const auto stride = std::size_t{heads} * head_dim;
    std::vector<float> out(count * stride);
    aligned_array<float> scratch;
    scratch.ensure(kernels::attention_scratch_floats(head_dim, group));
    for (std::uint32_t at = 0; at < count; at += step) {
      for (std::uint32_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
        const auto offset = std::size_t{kv_head} * group * head_dim;
        kernels::attention_tile tile;
        tile.query = query.data() + (first + at) * stride + offset;
        tile.output = out.data() + at * stride + offset;
        tile.query_stride = tile.output_stride = stride;
        tile.tokens = std::min(step, count - at);
        tile.group_heads = group;
        tile.position = first + at;
        tile.layer = 1;
        tile.kv_head = kv_head;
        tile.block_table = blocks;
        tile.arena = arena.get();
        tile.scratch = scratch.data();
        kernels::attend(tile);
      }
    }
    return out;
  }

  float element(std::size_t plane, std::uint32_t position, std::uint32_t dim) const {
    const auto bt = arena->layout().block_tokens;
    const auto* block = arena->block(blocks[position / bt]);
    return from_half(block[plane + std::size_t{position % bt} * head_dim + dim]);
  }

  // The textbook formula in double.
  std::vector<double> expected(std::uint32_t position, std::uint32_t head) const {
    const auto kv_head = head / (heads / kv_heads);
    const auto* q = query.data() + (std::size_t{position} * heads + head) * head_dim;
    std::vector<double> out(head_dim);
    double sum = 0;
    for (std::uint32_t key = 0; key <= position; ++key) {
      double score = 0;
      for (std::uint32_t i = 0; i < head_dim; ++i) {
        score += static_cast<double>(q[i]) * element(arena->layout().key_plane(1, kv_head), key, i);
      }
      const double weight = std::exp(score);
      sum += weight;
      for (std::uint32_t i = 0; i < head_dim; ++i) {
        out[i] += weight * element(arena->layout().value_plane(1, kv_head), key, i);
      }
    }
    for (auto& value : out) value /= sum;
    return out;
  }
};

TEST(Attention, AgreesWithTheTextbookFormula) {
  for (const std::uint32_t dim : {16U, 48U, 64U}) {
    const attention_case item{53, dim};
    const auto ours = item.run(0, item.tokens, 16);
    for (std::uint32_t position = 0; position < item.tokens; ++position) {
      for (std::uint32_t head = 0; head < item.heads; ++head) {
        const auto expected = item.expected(position, head);
        const auto* row = ours.data() + (std::size_t{position} * item.heads + head) * dim;
        for (std::uint32_t i = 0; i < dim; ++i) ASSERT_NEAR(row[i], expected[i], 2e-5);
      }
    }
  }
}

TEST(Attention, GivesTheSameBitsForEveryTileSizeAndInstructionSet) {
  const attention_case item{70, 64};
  const auto base = item.run(0, item.tokens, 16);
  const auto stride = std::size_t{item.heads} * item.head_dim;
  for (const auto target : available_targets()) {
    const forced_target forced{target};
    for (const std::uint32_t step : {1U, 3U, 7U, 16U}) {
      const auto out = item.run(0, item.tokens, step);
      EXPECT_EQ(std::memcmp(out.data(), base.data(), base.size() * sizeof(float)), 0)
          << hwy::TargetName(target) << " step " << step;
    }
    const auto decode = item.run(69, 1, 1);
    EXPECT_EQ(std::memcmp(decode.data(), base.data() + 69 * stride, stride * sizeof(float)), 0);
  }
}

TEST(Attention, BlocksOfMoreTokensGiveTheSameNumbersWhereTheyHoldTheSameKeys) {
  const attention_case small{32, 16}, large{32, 16, 32};
  for (std::uint32_t position = 0; position < 32; ++position) {
    auto* to = large.arena->block(0);
    const auto* from = small.arena->block(small.blocks[position / 16]);
    for (std::uint32_t head = 0; head < 2; ++head) {
      const auto copy = [&](std::size_t target, std::size_t source) {
        std::copy_n(from + source + position % 16 * 16, 16, to + target + position * 16);
      };
      copy(large.arena->layout().key_plane(1, head), small.arena->layout().key_plane(1, head));
      copy(large.arena->layout().value_plane(1, head), small.arena->layout().value_plane(1, head));
    }
  }
  EXPECT_EQ(small.run(0, 32, 16), large.run(0, 32, 16));
}

// One key towers over the rest: weights underflow to zero instead of to nonsense.
TEST(Attention, SurvivesScoresFarApart) {
  const attention_case item{40, 16};
  auto scaled = attention_case{40, 16};
  for (auto& value : scaled.query) value *= 1000.0F;
  for (const float value : scaled.run(0, 40, 16)) {
    ASSERT_TRUE(std::isfinite(value));
    ASSERT_LT(std::fabs(value), 10.0F);
  }
}

}  // namespace
}  // namespace troupe::engine
