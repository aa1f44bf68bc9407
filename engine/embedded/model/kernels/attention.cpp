#include "engine/embedded/model/kernels/attention.hpp"

#include <algorithm>
#include <limits>

#include "engine/embedded/model/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/embedded/model/kernels/attention.cpp"
#include <hwy/foreach_target.h>

#include "engine/embedded/model/kernels/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace troupe::engine::kernels::HWY_NAMESPACE {

constexpr std::size_t rows_at_once = 4;

// A query row is one head of one token; rows are ordered [token][head].
struct query_rows {
  float* sums;     // [row][16], the softmax denominator by lane
  float* largest;  // [row]
  float* keys;     // [dim][16 positions]
  float* values;   // [16 positions][dim]
  std::size_t head_dim;
  std::size_t group_heads;
  const attention_tile& tile;

  explicit query_rows(const attention_tile& from)
      : head_dim{from.arena->layout().head_dim}, group_heads{from.group_heads}, tile{from} {
    keys = tile.scratch;
    values = keys + head_dim * key_step;
    sums = values + head_dim * key_step;
    largest = sums + count() * key_step;
  }

  std::size_t count() const { return tile.tokens * group_heads; }
  const float* query(std::size_t row) const {
    return tile.query + row / group_heads * tile.query_stride + row % group_heads * head_dim;
  }
  float* output(std::size_t row) const {
    return tile.output + row / group_heads * tile.output_stride + row % group_heads * head_dim;
  }
  // Positions from `start` on that the row may see, at most one step's.
  std::size_t visible(std::size_t row, std::size_t start) const {
    const auto position = tile.position + row / group_heads;
    return position < start ? 0 : std::min<std::size_t>(key_step, position - start + 1);
  }
};

// Turns four vectors of `width` floats, one a position, into columns of four positions.
HWY_INLINE void store_turned(const float_vec (&row)[4], float* to) {
  const hn::RepartitionToWide<float_tag> wide;
  const auto low01 = hn::BitCast(wide, hn::InterleaveLower(floats, row[0], row[1]));
  const auto low23 = hn::BitCast(wide, hn::InterleaveLower(floats, row[2], row[3]));
  const auto high01 = hn::BitCast(wide, hn::InterleaveUpper(floats, row[0], row[1]));
  const auto high23 = hn::BitCast(wide, hn::InterleaveUpper(floats, row[2], row[3]));
  alignas(64) float lanes[4][width];
  hn::Store(hn::BitCast(floats, hn::InterleaveLower(wide, low01, low23)), floats, lanes[0]);
  hn::Store(hn::BitCast(floats, hn::InterleaveUpper(wide, low01, low23)), floats, lanes[1]);
  hn::Store(hn::BitCast(floats, hn::InterleaveLower(wide, high01, high23)), floats, lanes[2]);
  hn::Store(hn::BitCast(floats, hn::InterleaveUpper(wide, high01, high23)), floats, lanes[3]);
  const hn::Full128<float> four;
  for (std::size_t dim = 0; dim < width; ++dim) {
    const auto column = hn::Load(four, lanes[dim % 4] + dim / 4 * 4);
    hn::Store(column, four, to + dim * key_step);
  }
}

// Widens the keys and values of 16 positions; keys become [dim][position].
HWY_INLINE void load_step(const query_rows& rows, std::size_t start) {
  const auto& tile = rows.tile;
  const auto& layout = tile.arena->layout();
  const auto* block = tile.arena->block(tile.block_table[start / layout.block_tokens]);
  const auto inside = start % layout.block_tokens * rows.head_dim;
  const auto* keys = block + layout.key_plane(tile.layer, tile.kv_head) + inside;
  const auto* values = block + layout.value_plane(tile.layer, tile.kv_head) + inside;
  for (std::size_t position = 0; position < key_step; position += 4) {
    for (std::size_t dim = 0; dim < rows.head_dim; dim += width) {
      float_vec quad[4];
      for (std::size_t i = 0; i < 4; ++i) {
        quad[i] = load_half(keys + (position + i) * rows.head_dim + dim);
      }
      store_turned(quad, rows.keys + dim * key_step + position);
    }
  }
  for (std::size_t i = 0; i < key_step * rows.head_dim; i += width) {
    hn::Store(load_half(values + i), floats, rows.values + i);
  }
}

template <std::size_t Count>
HWY_INLINE void score(const query_rows& rows, std::size_t first,
                      float (&scores)[rows_at_once][key_step]) {
  const float* query[Count];
  for (std::size_t i = 0; i < Count; ++i) query[i] = rows.query(first + i);
  for (std::size_t lane = 0; lane < key_step; lane += width) {
    float_vec sum[Count];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < Count; ++i) sum[i] = hn::Zero(floats);
    for (std::size_t dim = 0; dim < rows.head_dim; ++dim) {
      const auto key = hn::Load(floats, rows.keys + dim * key_step + lane);
#pragma GCC unroll 4
      for (std::size_t i = 0; i < Count; ++i) {
        sum[i] = hn::Add(sum[i], hn::Mul(hn::Set(floats, query[i][dim]), key));
      }
    }
#pragma GCC unroll 4
    for (std::size_t i = 0; i < Count; ++i) hn::Store(sum[i], floats, scores[i] + lane);
  }
}

// Turns a row's scores into weights and rescales what the row has gathered.
HWY_INLINE void weigh(const query_rows& rows, std::size_t row, std::size_t visible,
                      float (&scores)[key_step]) {
  const auto hidden = hn::Set(floats, -std::numeric_limits<float>::infinity());
  auto top = hidden;
  for (std::size_t lane = 0; lane < key_step; lane += width) {
    const auto index = hn::Iota(floats, static_cast<float>(lane));
    const auto seen = hn::Lt(index, hn::Set(floats, static_cast<float>(visible)));
    const auto kept = hn::IfThenElse(seen, hn::Load(floats, scores + lane), hidden);
    hn::Store(kept, floats, scores + lane);
    top = hn::Max(top, kept);
  }
  const float before = rows.largest[row];
  const float largest = std::max(before, hn::GetLane(hn::MaxOfLanes(floats, top)));
  float* sums = rows.sums + row * key_step;
  if (largest != before) {
    const auto shrink = exponential(hn::Set(floats, before - largest));
    float* output = rows.output(row);
    for (std::size_t dim = 0; dim < rows.head_dim; dim += width) {
      hn::StoreU(hn::Mul(hn::LoadU(floats, output + dim), shrink), floats, output + dim);
    }
    for (std::size_t lane = 0; lane < key_step; lane += width) {
      hn::Store(hn::Mul(hn::Load(floats, sums + lane), shrink), floats, sums + lane);
    }
    rows.largest[row] = largest;
  }
  for (std::size_t lane = 0; lane < key_step; lane += width) {
    const auto distance = hn::Sub(hn::Load(floats, scores + lane), hn::Set(floats, largest));
    const auto weight = exponential(distance);
    hn::Store(weight, floats, scores + lane);
    hn::Store(hn::Add(hn::Load(floats, sums + lane), weight), floats, sums + lane);
  }
}

template <std::size_t Count>
HWY_INLINE void gather_values(const query_rows& rows, std::size_t first, std::size_t visible,
                              const float (&weights)[rows_at_once][key_step]) {
  float* output[Count];
  for (std::size_t i = 0; i < Count; ++i) output[i] = rows.output(first + i);
  for (std::size_t dim = 0; dim < rows.head_dim; dim += width) {
    float_vec sum[Count];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < Count; ++i) sum[i] = hn::LoadU(floats, output[i] + dim);
    for (std::size_t position = 0; position < visible; ++position) {
      const auto value = hn::Load(floats, rows.values + position * rows.head_dim + dim);
#pragma GCC unroll 4
      for (std::size_t i = 0; i < Count; ++i) {
        sum[i] = hn::Add(sum[i], hn::Mul(hn::Set(floats, weights[i][position]), value));
      }
    }
#pragma GCC unroll 4
    for (std::size_t i = 0; i < Count; ++i) hn::StoreU(sum[i], floats, output[i] + dim);
  }
}

// Takes one step of keys for Count rows that see equally many of them.
template <std::size_t Count>
HWY_INLINE void visit(const query_rows& rows, std::size_t first, std::size_t visible) {
  alignas(64) float scores[rows_at_once][key_step];
  score<Count>(rows, first, scores);
  for (std::size_t i = 0; i < Count; ++i) weigh(rows, first + i, visible, scores[i]);
  gather_values<Count>(rows, first, visible, scores);
}

HWY_INLINE void visit_step(const query_rows& rows, std::size_t start) {
  for (std::size_t row = 0; row < rows.count();) {
    const auto visible = rows.visible(row, start);
    std::size_t same = 1;
    while (same < rows_at_once && row + same < rows.count() &&
           rows.visible(row + same, start) == visible) {
      ++same;
    }
    if (visible != 0) {
      switch (same) {
        case 1:
          visit<1>(rows, row, visible);
          break;
        case 2:
          visit<2>(rows, row, visible);
          break;
        case 3:
          visit<3>(rows, row, visible);
          break;
        default:
          visit<4>(rows, row, visible);
      }
    }
    row += same;
  }
}

void attend_tile(const attention_tile& tile) {
  const query_rows rows{tile};
  for (std::size_t row = 0; row < rows.count(); ++row) {
    std::fill_n(rows.output(row), rows.head_dim, 0.0F);
    rows.largest[row] = -std::numeric_limits<float>::infinity();
  }
  std::fill_n(rows.sums, rows.count() * key_step, 0.0F);
  for (std::size_t start = 0; start < tile.position + tile.tokens; start += key_step) {
    load_step(rows, start);
    visit_step(rows, start);
  }
  for (std::size_t row = 0; row < rows.count(); ++row) {
    float lanes[group];
    std::copy_n(rows.sums + row * key_step, group, lanes);
    const auto share = hn::Set(floats, 1.0F / sum_of(lanes));
    float* output = rows.output(row);
    for (std::size_t dim = 0; dim < rows.head_dim; dim += width) {
      hn::StoreU(hn::Mul(hn::LoadU(floats, output + dim), share), floats, output + dim);
    }
  }
}

}  // namespace troupe::engine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace troupe::engine::kernels {

HWY_EXPORT(attend_tile);

std::size_t attention_scratch_floats(std::uint32_t head_dim, std::uint32_t group_heads) {
  const std::size_t rows = std::size_t{attention_tokens_max} * group_heads;
  return 2 * std::size_t{head_dim} * key_step + rows * (key_step + 1);
}

void attend(const attention_tile& tile) {
  HWY_DYNAMIC_DISPATCH(attend_tile)(tile);
}

}  // namespace troupe::engine::kernels
#endif
