// TROUPE_VECTOR_CLONES before a function: compiled for processors with wide vector units as well,
// the loader chooses. For loops over bytes of a fixed length that the compiler can make of such
// instructions; elsewhere, and under sanitizers (which are not up yet when the loader asks), it is
// compiled once.
#pragma once

#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define TROUPE_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define TROUPE_VECTOR_CLONES
#endif
