#include "engine/embedded/model/kernels/elementwise.hpp"

#include <cmath>

#include "engine/embedded/model/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/embedded/model/kernels/elementwise.cpp"
#include <hwy/foreach_target.h>

#include "engine/embedded/model/kernels/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace troupe::engine::kernels::HWY_NAMESPACE {

void normalise(const float* x, const norm_arguments& norm, float* out) {
  float_vec squares[parts];
  for (auto& part : squares) part = hn::Zero(floats);
  for (std::size_t i = 0; i < norm.padded_columns; i += group) {
    for (std::size_t part = 0; part < parts; ++part) {
      const auto value = hn::Load(floats, x + i + part * width);
      squares[part] = hn::Add(squares[part], hn::Mul(value, value));
    }
  }
  alignas(64) float lanes[group];
  for (std::size_t part = 0; part < parts; ++part) {
    hn::Store(squares[part], floats, lanes + part * width);
  }
  const float mean = sum_of(lanes) / static_cast<float>(norm.columns);
  const auto factor = hn::Set(floats, 1.0F / std::sqrt(mean + norm.epsilon));
  for (std::size_t i = 0; i < norm.padded_columns; i += width) {
    const auto scaled = hn::Mul(hn::Load(floats, x + i), factor);
    hn::Store(hn::Mul(scaled, hn::Load(floats, norm.weight + i)), floats, out + i);
  }
}

void add(float* x, const float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; i += width) {
    hn::Store(hn::Add(hn::Load(floats, x + i), hn::Load(floats, y + i)), floats, x + i);
  }
}

void quantise(const activations& rows, std::uint32_t row) {
  const hn::Rebind<std::int16_t, float_tag> shorts;
  const hn::Rebind<std::int8_t, float_tag> bytes;
  const float* x = rows.row(row);
  auto* to = rows.quantised + std::size_t{row} * rows.columns;
  for (std::size_t block = 0; block < rows.blocks(); ++block) {
    const auto* from = x + block * block_columns;
    auto largest = hn::Zero(floats);
    for (std::size_t i = 0; i < block_columns; i += width) {
      largest = hn::Max(largest, hn::Abs(hn::Load(floats, from + i)));
    }
    const float top = hn::GetLane(hn::MaxOfLanes(floats, largest));
    const auto inverse = hn::Set(floats, top > 0 ? 127.0F / top : 0.0F);
    auto sum = hn::Zero(ints);
    for (std::size_t i = 0; i < block_columns; i += width) {
      const auto q = hn::NearestInt(hn::Mul(hn::Load(floats, from + i), inverse));
      sum = hn::Add(sum, q);
      hn::StoreU(hn::DemoteTo(bytes, hn::DemoteTo(shorts, q)), bytes,
                 to + block * block_columns + i);
    }
    const auto index = std::size_t{row} * rows.blocks() + block;
    rows.scales[index] = top / 127.0F;
    rows.sums[index] = hn::GetLane(hn::SumOfLanes(ints, sum));
  }
}

void gate(const float* gate, const float* up, std::size_t count, float* out) {
  const auto one = hn::Set(floats, 1.0F);
  for (std::size_t i = 0; i < count; i += width) {
    const auto x = hn::Load(floats, gate + i);
    const auto silu = hn::Div(x, hn::Add(one, exponential(hn::Neg(x))));
    hn::Store(hn::Mul(silu, hn::Load(floats, up + i)), floats, out + i);
  }
}

void rotate(float* heads, std::uint32_t count, const rotation& by) {
  const auto scale = hn::Set(floats, by.scale);
  for (std::uint32_t head = 0; head < count; ++head) {
    float* x = heads + std::size_t{head} * by.head_dim;
    for (std::size_t i = 0; i < by.head_dim; i += width) {
      const auto value = hn::LoadU(floats, x + i);
      const auto turned = hn::Mul(hn::Shuffle2301(value), hn::LoadU(floats, by.sines + i));
      const auto kept = hn::Mul(value, hn::LoadU(floats, by.cosines + i));
      hn::StoreU(hn::Mul(hn::Add(kept, turned), scale), floats, x + i);
    }
  }
}

void narrow(const float* from, std::size_t count, std::uint16_t* to) {
  for (std::size_t i = 0; i < count; i += width) store_half(hn::LoadU(floats, from + i), to + i);
}

}  // namespace troupe::engine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace troupe::engine::kernels {

HWY_EXPORT(normalise);
HWY_EXPORT(add);
HWY_EXPORT(quantise);
HWY_EXPORT(gate);
HWY_EXPORT(rotate);
HWY_EXPORT(narrow);

void rms_normalise(const float* x, const norm_arguments& norm, float* out) {
  HWY_DYNAMIC_DISPATCH(normalise)(x, norm, out);
}

void accumulate(float* x, const float* y, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(add)(x, y, count);
}

void quantise_row(const activations& rows, std::uint32_t row) {
  HWY_DYNAMIC_DISPATCH(quantise)(rows, row);
}

void gated_silu(const float* gate, const float* up, std::size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(gate)(gate, up, count, out);
}

void rotate_heads(float* heads, std::uint32_t count, const rotation& by) {
  HWY_DYNAMIC_DISPATCH(rotate)(heads, count, by);
}

void narrow_to_half(const float* from, std::size_t count, std::uint16_t* to) {
  HWY_DYNAMIC_DISPATCH(narrow)(from, count, to);
}

}  // namespace troupe::engine::kernels
#endif
