#include "engine/embedded/model/kv_arena.hpp"

#include <gtest/gtest.h>

namespace troupe::engine {
namespace {

TEST(KvArena, BlocksAreZeroedDisjointAndInOrder) {
  const cuda::kv_layout layout{2, 3, 16, 16};
  auto arena = kv_arena::make(layout, 5);
  ASSERT_TRUE(arena);
  EXPECT_EQ((*arena)->blocks(), 5U);
  for (std::uint32_t id = 0; id < 5; ++id) {
    auto* block = (*arena)->block(id);
    EXPECT_EQ(block, (*arena)->block(0) + id * layout.block_elements());
    for (std::size_t i = 0; i < layout.block_elements(); ++i) {
      ASSERT_EQ(block[i], 0);
      block[i] = static_cast<std::uint16_t>(id + 1);
    }
  }
  for (std::uint32_t id = 0; id < 5; ++id) EXPECT_EQ((*arena)->block(id)[0], id + 1);
}

TEST(KvArena, ReservesMoreThanTheMachineHas) {
  // 1 TiB of address space: no page of it is touched.
  auto arena = kv_arena::make({32, 8, 128, 16}, 1U << 19U);
  ASSERT_TRUE(arena);
  EXPECT_EQ((*arena)->block((1U << 19U) - 1)[0], 0);
}

TEST(KvArena, RefusesNothingAndTheImpossible) {
  EXPECT_EQ(failure_code(kv_arena::make({2, 3, 16, 16}, 0).error(), errc::io_error),
            errc::invalid_config);
  EXPECT_EQ(failure_code(kv_arena::make({0, 3, 16, 16}, 1).error(), errc::io_error),
            errc::invalid_config);
  const cuda::kv_layout huge{1U << 20U, 1U << 10U, 1U << 10U, 16};
  EXPECT_EQ(failure_code(kv_arena::make(huge, 1U << 20U).error(), errc::timeout),
            errc::invalid_config);
  EXPECT_EQ(failure_code(kv_arena::make(huge, 1U << 13U).error(), errc::timeout), errc::io_error);
}

}  // namespace
}  // namespace troupe::engine
