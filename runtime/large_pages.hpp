// Puts the heap of a process on large pages.
//
// Bodies of requests are read, hashed and sent from ever changing places of the heap; with pages of
// 4 KiB every one of them misses the TLB, which costs a virtual machine two walks (measured:
// docs/benchmarks.md, "prompt of 128 kB").
//
// Thread: before others are started. Bounds: `bytes` are reserved, and used as they are needed;
// what the heap grows beyond has pages of the usual size. All threads share this heap from then on.
// Source: mallopt(3), madvise(2). Transparent huge pages must be `madvise` or `always`, as they are
// by default in Debian.
#pragma once

#include <cstddef>

namespace troupe {

// Returns whether the system took the request; nothing changes where it did not.
bool put_heap_on_large_pages(std::size_t bytes);

}  // namespace troupe
