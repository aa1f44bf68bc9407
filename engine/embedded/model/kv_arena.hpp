// The memory of the paged KV cache: `blocks` blocks of kv_layout::block_bytes() each, in one
// mapping.
//
// Thread: the forward pass writes blocks of running sequences; who owns a block is the block pool's
// business. Pages are touched on first use, so an idle engine costs no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cuda/kv_layout.hpp"
#include "runtime/errc.hpp"

namespace troupe::engine {

class kv_arena {
 public:
  // Errors: io_error when the address space cannot be had.
  static caf::expected<std::unique_ptr<kv_arena>> make(const cuda::kv_layout& layout,
                                                       std::uint32_t blocks);
  ~kv_arena();
  kv_arena(const kv_arena&) = delete;
  kv_arena& operator=(const kv_arena&) = delete;

  const cuda::kv_layout& layout() const { return layout_; }
  std::uint32_t blocks() const { return blocks_; }

  // First element (half precision, as raw 16 bits) of a block.
  std::uint16_t* block(std::uint32_t id) const { return base_ + id * layout_.block_elements(); }

 private:
  kv_arena(const cuda::kv_layout& layout, std::uint32_t blocks, std::uint16_t* base)
      : layout_{layout}, blocks_{blocks}, base_{base} {}

  cuda::kv_layout layout_;
  std::uint32_t blocks_;
  std::uint16_t* base_;
};

}  // namespace troupe::engine
