#include "runtime/large_pages.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace troupe {
namespace {

// What the kernel keeps of the heap's largest part: its flags, as in proc(5).
std::string heap_flags() {
  std::ifstream maps{"/proc/self/smaps"};
  std::string flags;
  bool in_heap = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(' ')) in_heap = line.ends_with("[heap]");
    if (in_heap && line.starts_with("VmFlags:")) flags += line + " ";
  }
  return flags;
}

TEST(large_pages, the_heap_is_marked_for_them) {
  constexpr std::size_t bytes = 8 * 1024 * 1024;
  if (!put_heap_on_large_pages(bytes)) GTEST_SKIP() << "the allocator or the kernel has none";
  EXPECT_NE(heap_flags().find(" hg "), std::string::npos) << heap_flags();
  EXPECT_TRUE(put_heap_on_large_pages(bytes));
}

}  // namespace
}  // namespace troupe
