// Which instruction sets the kernels are compiled for. Include before any header of Highway.
//
// The least that runs is x86-64 with SSE4.2 (2008) or AArch64 NEON: below that Highway 1.0.3 offers
// g++ 12 one lane only, and no shuffles. SVE is left out: its vectors cannot be kept in arrays.
#pragma once

#ifndef __clang__  // it takes no features from the pragma that this target needs
#define HWY_WANT_AVX3_DL
#endif
#if defined(__x86_64__)
#define HWY_BASELINE_TARGETS HWY_SSE4
#define HWY_DISABLED_TARGETS (HWY_SCALAR | HWY_SSSE3)
#else
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif
