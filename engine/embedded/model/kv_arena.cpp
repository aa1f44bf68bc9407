#include "engine/embedded/model/kv_arena.hpp"

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

#include <sys/mman.h>

namespace troupe::engine {

caf::expected<std::unique_ptr<kv_arena>> kv_arena::make(const cuda::kv_layout& layout,
                                                        std::uint32_t blocks) {
  const auto block_bytes = layout.block_bytes();
  if (block_bytes == 0 || blocks == 0) {
    return make_failure(errc::invalid_config, "the KV cache needs at least one block of one token");
  }
  if (blocks > std::numeric_limits<std::size_t>::max() / 2 / block_bytes) {
    return make_failure(errc::invalid_config, "the KV cache is larger than the address space");
  }
  // Reserved without backing: the kernel gives a page, full of zeros, when it is first touched.
  void* base = ::mmap(nullptr, blocks * block_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return make_failure(errc::io_error, "mapping " + std::to_string(blocks * block_bytes) +
                                            " bytes for the KV cache: " + std::strerror(errno));
  }
  return std::unique_ptr<kv_arena>{new kv_arena{layout, blocks, static_cast<std::uint16_t*>(base)}};
}

kv_arena::~kv_arena() {
  ::munmap(base_, blocks_ * layout_.block_bytes());
}

}  // namespace troupe::engine
