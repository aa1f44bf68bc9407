// The forward pass's working memory: one row a token, grown to the largest pass seen so far.
//
// Shapes: [row][stride], strides padded to whole blocks; the padding is zero from allocation on and
// nobody writes it.
// Bounds: rows_max rows a pass; longer steps are cut into passes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <hwy/aligned_allocator.h>

#include "engine/embedded/model/kernels/activations.hpp"
#include "engine/embedded/model/model.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

// A zeroed array aligned for the widest vector. Growing forgets what it held.
template <class T>
class aligned_array {
 public:
  void ensure(std::size_t count) {
    if (count <= count_) return;
    data_ = hwy::AllocateAligned<T>(count);
    TROUPE_ASSERT(data_ != nullptr);
    std::fill_n(data_.get(), count, T{});
    count_ = count;
  }
  T* data() const { return data_.get(); }

 private:
  hwy::AlignedFreeUniquePtr<T[]> data_;
  std::size_t count_ = 0;
};

// One buffer of rows of equal stride.
struct row_buffer {
  aligned_array<float> values;
  std::uint32_t stride = 0;

  float* row(std::uint32_t i) const { return values.data() + std::size_t{i} * stride; }
};

struct forward_buffers {
  static constexpr std::uint32_t rows_max = 512;

  explicit forward_buffers(const model_shape& shape);

  // Makes room for so many rows.
  void ensure(std::uint32_t rows);

  // Returns a buffer's rows as input of a product, with the shared place for their int8 form.
  kernels::activations input(const row_buffer& buffer, std::uint32_t rows) const;

  row_buffer residual, normed, attended, projected;
  row_buffer query_key_value, gate, up;
  row_buffer cosines, sines;

 private:
  std::uint32_t columns_max_;
  aligned_array<std::int8_t> quantised_;
  aligned_array<float> scales_;
  aligned_array<std::int32_t> sums_;
};

}  // namespace troupe::engine
