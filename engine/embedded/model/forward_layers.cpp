#include "engine/embedded/model/forward_layers.hpp"

#include <array>
#include <cmath>

#include "engine/embedded/model/kernels/attention.hpp"
#include "engine/embedded/model/kernels/matmul.hpp"

namespace troupe::engine {

namespace {

constexpr std::uint32_t rows_per_part = 8;      // of the per-token kernels
constexpr std::uint32_t parts_per_thread = 16;  // of a product: evens out a busy core

std::uint32_t parts_of(std::uint32_t count, std::uint32_t size) {
  return (count + size - 1) / size;
}

std::uint32_t tiles_of(const matrix_view& weights) {
  return parts_of(weights.rows, kernels::tile_rows);
}

void quantise_if_wanted(const matrix_view& weights, const kernels::activations& input,
                        std::uint32_t row) {
  if (kernels::wants_quantised(weights.type)) kernels::quantise_row(input, row);
}

}  // namespace

forward_layers::forward_layers(const model& weights, kv_arena& arena, unsigned threads)
    : weights_{weights},
      arena_{arena},
      pool_{threads},
      rope_{weights.shape().rope_base, weights.shape().head_dim, weights.rope_factors()},
      buffers_{weights.shape()} {
  const auto& shape = weights.shape();
  const auto& layout = arena.layout();
  TROUPE_ASSERT(layout.layers == shape.layers && layout.kv_heads == shape.kv_heads);
  TROUPE_ASSERT(layout.head_dim == shape.head_dim);
  TROUPE_ASSERT(layout.block_tokens % kernels::key_step == 0);
  norms_.stride = buffers_.normed.stride;
  norms_.values.ensure((std::size_t{shape.layers} * 2 + 1) * norms_.stride);
  for (std::uint32_t i = 0; i < shape.layers; ++i) {
    std::ranges::copy(weights.layers()[i].attention_norm, norms_.row(2 * i));
    std::ranges::copy(weights.layers()[i].ffn_norm, norms_.row(2 * i + 1));
  }
  std::ranges::copy(weights.final_norm(), norms_.row(2 * shape.layers));

  const auto columns =
      std::max({buffers_.normed.stride, buffers_.gate.stride, buffers_.attended.stride});
  const auto group = shape.heads / shape.kv_heads;
  const auto floats = kernels::attention_scratch_floats(shape.head_dim, group);
  const auto needed = std::max(kernels::tile_scratch_bytes(columns), floats * sizeof(float));
  scratch_bytes_ = (needed + 127) / 128 * 128;
  scratch_.ensure(scratch_bytes_ * threads);
}

std::byte* forward_layers::scratch(unsigned worker) const {
  return scratch_.data() + worker * scratch_bytes_;
}

kernels::norm_arguments forward_layers::norm(std::uint32_t row) const {
  return {norms_.row(row), weights_.shape().hidden, norms_.stride, weights_.shape().rms_epsilon};
}

void forward_layers::for_each_row(std::uint32_t rows,
                                  const std::function<void(std::uint32_t)>& visit) {
  pool_.run(parts_of(rows, rows_per_part), [&](std::uint32_t part, unsigned) {
    const auto end = std::min(rows, (part + 1) * rows_per_part);
    for (auto row = part * rows_per_part; row < end; ++row) visit(row);
  });
}

void forward_layers::multiply(std::span<const product> products,
                              const kernels::activations& input) {
  std::uint32_t tiles = 0;
  for (const auto& item : products) tiles += tiles_of(item.weights);
  const auto per_part = std::max(1U, tiles / (pool_.threads() * parts_per_thread));
  pool_.run(parts_of(tiles, per_part), [&](std::uint32_t part, unsigned worker) {
    const auto end = std::min(tiles, (part + 1) * per_part);
    for (auto tile = part * per_part; tile < end; ++tile) {
      auto inside = tile;
      auto item = products.begin();
      for (; inside >= tiles_of(item->weights); ++item) inside -= tiles_of(item->weights);
      kernels::multiply_tile(item->weights, inside * kernels::tile_rows, input,
                             {item->output, item->stride, scratch(worker)});
    }
  });
}

void forward_layers::place(std::span<const slice_piece> pieces) {
  piece_of_row_.clear();
  tiles_.clear();
  logit_rows_.clear();
  for (const auto& piece : pieces) {
    piece_of_row_.insert(piece_of_row_.end(), piece.count, &piece);
    for (std::uint32_t i = 0; i < piece.count; i += kernels::attention_tokens_max) {
      tiles_.push_back({&piece, i, std::min(kernels::attention_tokens_max, piece.count - i)});
    }
    for (std::uint32_t i = 0; i < piece.count; ++i) {
      if (piece.offset + i >= piece.logits_from()) logit_rows_.push_back(piece.row + i);
    }
  }
  rows_ = static_cast<std::uint32_t>(piece_of_row_.size());
  buffers_.ensure(rows_);
}

void forward_layers::embed() {
  for_each_row(rows_, [this](std::uint32_t row) {
    const auto& piece = *piece_of_row_[row];
    const auto inside = row - piece.row;
    const auto token = static_cast<std::uint32_t>(piece.slice->tokens[piece.offset + inside]);
    kernels::widen_row(weights_.embedding(), token, buffers_.residual.row(row));
    rope_.fill(piece.position() + inside, buffers_.cosines.row(row), buffers_.sines.row(row));
  });
}

void forward_layers::store_keys_values(std::uint32_t layer) {
  const auto& shape = weights_.shape();
  const auto& layout = arena_.layout();
  const auto kv_width = shape.kv_heads * shape.head_dim;
  const float query_scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
  for_each_row(rows_, [&](std::uint32_t row) {
    const auto& piece = *piece_of_row_[row];
    const auto position = piece.position() + row - piece.row;
    float* query = buffers_.query_key_value.row(row);
    float* key = query + std::size_t{shape.heads} * shape.head_dim;
    kernels::rotation by{buffers_.cosines.row(row), buffers_.sines.row(row), shape.head_dim, 1};
    kernels::rotate_heads(key, shape.kv_heads, by);
    by.scale = query_scale;
    kernels::rotate_heads(query, shape.heads, by);
    auto* block = arena_.block(piece.slice->block_table[position / layout.block_tokens]);
    const auto inside = std::size_t{position % layout.block_tokens} * shape.head_dim;
    for (std::uint32_t head = 0; head < shape.kv_heads; ++head) {
      const float* from = key + std::size_t{head} * shape.head_dim;
      kernels::narrow_to_half(from, shape.head_dim, block + layout.key_plane(layer, head) + inside);
      kernels::narrow_to_half(from + kv_width, shape.head_dim,
                              block + layout.value_plane(layer, head) + inside);
    }
  });
}

void forward_layers::attend_tiles(std::uint32_t layer) {
  const auto& shape = weights_.shape();
  const auto group = shape.heads / shape.kv_heads;
  const auto count = static_cast<std::uint32_t>(tiles_.size()) * shape.kv_heads;
  pool_.run(count, [&](std::uint32_t part, unsigned worker) {
    // Last tiles first: they see the most keys, so the short ones fill the gaps at the end.
    const auto& from = tiles_[tiles_.size() - 1 - part / shape.kv_heads];
    const auto row = from.piece->row + from.offset;
    kernels::attention_tile tile;
    tile.kv_head = part % shape.kv_heads;
    const auto head = std::size_t{tile.kv_head} * group * shape.head_dim;
    tile.query = buffers_.query_key_value.row(row) + head;
    tile.output = buffers_.attended.row(row) + head;
    tile.query_stride = buffers_.query_key_value.stride;
    tile.output_stride = buffers_.attended.stride;
    tile.tokens = from.count;
    tile.group_heads = group;
    tile.position = from.piece->position() + from.offset;
    tile.layer = layer;
    tile.block_table = from.piece->slice->block_table;
    tile.arena = &arena_;
    tile.scratch = reinterpret_cast<float*>(scratch(worker));
    kernels::attend(tile);
  });
}

void forward_layers::attend_layer(std::uint32_t layer) {
  const auto& shape = weights_.shape();
  const auto& w = weights_.layers()[layer];
  auto input = buffers_.input(buffers_.normed, rows_);
  const bool quantised = kernels::wants_quantised(w.query.type) ||
                         kernels::wants_quantised(w.key.type) ||
                         kernels::wants_quantised(w.value.type);
  for_each_row(rows_, [&](std::uint32_t row) {
    auto* x = buffers_.residual.row(row);
    if (layer != 0) {
      kernels::accumulate(x, buffers_.projected.row(row), buffers_.projected.stride);
    }
    kernels::rms_normalise(x, norm(2 * layer), input.row(row));
    if (quantised) kernels::quantise_row(input, row);
  });
  float* query = buffers_.query_key_value.values.data();
  float* key = query + std::size_t{shape.heads} * shape.head_dim;
  float* value = key + std::size_t{shape.kv_heads} * shape.head_dim;
  const auto stride = std::size_t{buffers_.query_key_value.stride};
  multiply(
      std::array<product, 3>{
          {{w.query, query, stride}, {w.key, key, stride}, {w.value, value, stride}}},
      input);
  store_keys_values(layer);
  attend_tiles(layer);
  input = buffers_.input(buffers_.attended, rows_);
  for_each_row(rows_, [&](std::uint32_t row) { quantise_if_wanted(w.output, input, row); });
  multiply(std::array<product, 1>{{{w.output, buffers_.projected.values.data(),
                                    buffers_.projected.stride}}},
           input);
}

void forward_layers::feed_forward(std::uint32_t layer) {
  const auto& w = weights_.layers()[layer];
  auto input = buffers_.input(buffers_.normed, rows_);
  const bool quantised =
      kernels::wants_quantised(w.gate.type) || kernels::wants_quantised(w.up.type);
  for_each_row(rows_, [&](std::uint32_t row) {
    auto* x = buffers_.residual.row(row);
    kernels::accumulate(x, buffers_.projected.row(row), buffers_.projected.stride);
    kernels::rms_normalise(x, norm(2 * layer + 1), input.row(row));
    if (quantised) kernels::quantise_row(input, row);
  });
  multiply(std::array<product, 2>{{{w.gate, buffers_.gate.values.data(), buffers_.gate.stride},
                                   {w.up, buffers_.up.values.data(), buffers_.up.stride}}},
           input);
  input = buffers_.input(buffers_.gate, rows_);
  for_each_row(rows_, [&](std::uint32_t row) {
    auto* gate = buffers_.gate.row(row);
    kernels::gated_silu(gate, buffers_.up.row(row), buffers_.gate.stride, gate);
    quantise_if_wanted(w.down, input, row);
  });
  multiply(std::array<product, 1>{{{w.down, buffers_.projected.values.data(),
                                    buffers_.projected.stride}}},
           input);
}

std::uint32_t forward_layers::write_logits(float* logits) {
  const auto count = static_cast<std::uint32_t>(logit_rows_.size());
  const auto input = buffers_.input(buffers_.normed, count);
  for_each_row(count, [&](std::uint32_t i) {
    auto* x = buffers_.residual.row(logit_rows_[i]);
    kernels::accumulate(x, buffers_.projected.row(logit_rows_[i]), buffers_.projected.stride);
    kernels::rms_normalise(x, norm(2 * weights_.shape().layers), input.row(i));
    quantise_if_wanted(weights_.head(), input, i);
  });
  if (count != 0) {
    multiply(std::array<product, 1>{{{weights_.head(), logits, weights_.shape().vocab}}}, input);
  }
  return count;
}

std::uint32_t forward_layers::run(std::span<const slice_piece> pieces, float* logits) {
  place(pieces);
  embed();
  for (std::uint32_t layer = 0; layer < weights_.shape().layers; ++layer) {
    attend_layer(layer);
    feed_forward(layer);
  }
  return write_logits(logits);
}

}  // namespace troupe::engine
