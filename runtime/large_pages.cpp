#include "runtime/large_pages.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace troupe {

namespace {

constexpr std::size_t large_page_bytes = 2 * 1024 * 1024;
constexpr int block_bytes_max = 32 * 1024 * 1024;  // what glibc's own adjustment ends at

}  // namespace

bool put_heap_on_large_pages(std::size_t bytes) {
#ifdef __GLIBC__
  const auto reserve = static_cast<int>(bytes);
  // Other allocators, of sanitizers among them, take none of these.
  if (mallopt(M_ARENA_MAX, 1) == 0 || mallopt(M_MMAP_THRESHOLD, block_bytes_max) == 0 ||
      mallopt(M_TRIM_THRESHOLD, 2 * reserve) == 0 || mallopt(M_TOP_PAD, reserve) == 0) {
    return false;
  }
  // The heap grows for a block it has no room for, and by the reserve besides.
  const std::unique_ptr<void, decltype(&std::free)> block{std::malloc(large_page_bytes),
                                                          &std::free};
  const auto begin = reinterpret_cast<std::uintptr_t>(block.get());
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0));
  if (block == nullptr || begin >= end) return false;
  const auto first = (begin / large_page_bytes + 1) * large_page_bytes;
  const auto last = end / large_page_bytes * large_page_bytes;
  return first < last && madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE) == 0;
#else
  static_cast<void>(bytes);
  return false;
#endif
}

}  // namespace troupe
