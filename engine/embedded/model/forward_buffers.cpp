#include "engine/embedded/model/forward_buffers.hpp"

namespace troupe::engine {

forward_buffers::forward_buffers(const model_shape& shape) {
  using kernels::padded;
  const auto query_width = shape.heads * shape.head_dim;
  const auto kv_width = shape.kv_heads * shape.head_dim;
  for (auto* buffer : {&residual, &normed, &projected}) buffer->stride = padded(shape.hidden);
  for (auto* buffer : {&gate, &up}) buffer->stride = padded(shape.ffn);
  attended.stride = padded(query_width);
  query_key_value.stride = padded(query_width + 2 * kv_width);
  cosines.stride = sines.stride = shape.head_dim;
  columns_max_ = std::max({normed.stride, gate.stride, attended.stride});
}

void forward_buffers::ensure(std::uint32_t rows) {
  for (auto* buffer : {&residual, &normed, &attended, &projected, &query_key_value, &gate, &up,
                       &cosines, &sines}) {
    buffer->values.ensure(std::size_t{rows} * buffer->stride);
  }
  quantised_.ensure(std::size_t{rows} * columns_max_);
  scales_.ensure(std::size_t{rows} * columns_max_ / kernels::block_columns);
  sums_.ensure(std::size_t{rows} * columns_max_ / kernels::block_columns);
}

kernels::activations forward_buffers::input(const row_buffer& buffer, std::uint32_t rows) const {
  kernels::activations out;
  out.rows = rows;
  out.columns = buffer.stride;
  out.values = buffer.values.data();
  out.quantised = quantised_.data();
  out.scales = scales_.data();
  out.sums = sums_.data();
  return out;
}

}  // namespace troupe::engine
