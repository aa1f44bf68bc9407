// Sums of four products of unsigned weight bytes and signed activation bytes in each lane of 32
// bits: exact in every form, so the instruction set cannot change a result. Included once for each
// instruction set, after lanes-inl.hpp.
#if defined(TROUPE_ENGINE_KERNELS_DOT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TROUPE_ENGINE_KERNELS_DOT_INL
#undef TROUPE_ENGINE_KERNELS_DOT_INL
#else
#define TROUPE_ENGINE_KERNELS_DOT_INL
#endif

#include "engine/embedded/model/kernels/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
#if HWY_TARGET == HWY_AVX3_DL
#pragma GCC target("avx512vnni")  // every processor of this target has it; Highway forgot the name
#endif
namespace troupe::engine::kernels::HWY_NAMESPACE {

// The bytes of weights and activations spread for the products of this instruction set.
// FourBit: weights are below 16, so that two products fit 16 bits without saturation.
template <bool FourBit>
struct dot {
#if HWY_TARGET == HWY_AVX3_DL
  struct weight_bytes {
    word_vec all;
  };
  static HWY_INLINE weight_bytes load(word_vec w) {
    return {w};
  }
  static HWY_INLINE int_vec add(int_vec sum, weight_bytes w, int_vec a) {
    return int_vec{_mm512_dpbusd_epi32(sum.raw, w.all.raw, a.raw)};
  }
#elif HWY_ARCH_X86
  struct weight_bytes {
    word_vec even, odd;  // 16-bit lanes; of four-bit weights, `even` holds the bytes as they are
  };
  static HWY_INLINE weight_bytes load(word_vec w) {
    if constexpr (FourBit) return {w, w};
    return {hn::And(w, hn::Set(words, 0x00FF00FFU)),
            hn::And(hn::ShiftRight<8>(w), hn::Set(words, 0x00FF00FFU))};
  }
  static HWY_INLINE int_vec add(int_vec sum, weight_bytes w, int_vec a) {
    const hn::Repartition<std::int16_t, float_tag> shorts;
    if constexpr (FourBit) {
      return hn::Add(sum, add_pairs(pair_sums(w.even, a), hn::Set(shorts, 1)));
    } else {
      const auto bytes = hn::BitCast(shorts, a);
      const auto even = hn::ShiftRight<8>(hn::ShiftLeft<8>(bytes));
      const auto odd = hn::ShiftRight<8>(bytes);
      sum = hn::Add(sum, add_pairs(hn::BitCast(shorts, w.even), even));
      return hn::Add(sum, add_pairs(hn::BitCast(shorts, w.odd), odd));
    }
  }

 private:
  using short_vec = hn::Vec<hn::Repartition<std::int16_t, float_tag>>;
#if HWY_TARGET == HWY_AVX3
  static HWY_INLINE short_vec pair_sums(word_vec w, int_vec a) {
    return short_vec{_mm512_maddubs_epi16(w.raw, a.raw)};
  }
  static HWY_INLINE int_vec add_pairs(short_vec x, short_vec y) {
    return int_vec{_mm512_madd_epi16(x.raw, y.raw)};
  }
#elif HWY_TARGET == HWY_AVX2
  static HWY_INLINE short_vec pair_sums(word_vec w, int_vec a) {
    return short_vec{_mm256_maddubs_epi16(w.raw, a.raw)};
  }
  static HWY_INLINE int_vec add_pairs(short_vec x, short_vec y) {
    return int_vec{_mm256_madd_epi16(x.raw, y.raw)};
  }
#else
  static HWY_INLINE short_vec pair_sums(word_vec w, int_vec a) {
    return short_vec{_mm_maddubs_epi16(w.raw, a.raw)};
  }
  static HWY_INLINE int_vec add_pairs(short_vec x, short_vec y) {
    return int_vec{_mm_madd_epi16(x.raw, y.raw)};
  }
#endif
#else
  struct weight_bytes {
    int_vec byte[4];
  };
  static HWY_INLINE weight_bytes load(word_vec w) {
    const auto low = hn::Set(words, 0xFF);
    return {{hn::BitCast(ints, hn::And(w, low)),
             hn::BitCast(ints, hn::And(hn::ShiftRight<8>(w), low)),
             hn::BitCast(ints, hn::And(hn::ShiftRight<16>(w), low)),
             hn::BitCast(ints, hn::ShiftRight<24>(w))}};
  }
  static HWY_INLINE int_vec add(int_vec sum, const weight_bytes& w, int_vec a) {
    sum = hn::Add(sum, hn::Mul(w.byte[0], hn::ShiftRight<24>(hn::ShiftLeft<24>(a))));
    sum = hn::Add(sum, hn::Mul(w.byte[1], hn::ShiftRight<24>(hn::ShiftLeft<16>(a))));
    sum = hn::Add(sum, hn::Mul(w.byte[2], hn::ShiftRight<24>(hn::ShiftLeft<8>(a))));
    return hn::Add(sum, hn::Mul(w.byte[3], hn::ShiftRight<24>(a)));
  }
#endif
};

}  // namespace troupe::engine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
