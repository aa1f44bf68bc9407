#include "engine/embedded/model/worker_pool.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace troupe::engine {
namespace {

TEST(WorkerPool, RunsEveryPartOnceInEveryJob) {
  for (const unsigned threads : {1U, 2U, 3U, 7U}) {
    worker_pool pool{threads};
    EXPECT_EQ(pool.threads(), threads);
    for (std::uint32_t job = 0; job < 2000; ++job) {
      const std::uint32_t parts = job % 9;
      std::vector<std::atomic<int>> runs(parts);
      pool.run(parts, [&](std::uint32_t part, unsigned worker) {
        ASSERT_LT(worker, threads);
        ++runs[part];
      });
      for (const auto& count : runs) ASSERT_EQ(count, 1);
    }
  }
}

TEST(WorkerPool, ReturnsOnlyWhenAllPartsAreDone) {
  worker_pool pool{3};
  std::vector<std::uint64_t> sums(64);  // no atomics: the barrier itself must order them
  for (int round = 0; round < 200; ++round) {
    pool.run(64, [&](std::uint32_t part, unsigned) { sums[part] += part; });
  }
  for (std::uint32_t part = 0; part < 64; ++part) EXPECT_EQ(sums[part], 200U * part);
}

TEST(WorkerPool, GivesEachWorkerItsOwnNumberAtATime) {
  worker_pool pool{4};
  std::vector<std::atomic<int>> busy(4);
  std::atomic<bool> shared{false};
  pool.run(5000, [&](std::uint32_t, unsigned worker) {
    if (busy[worker].fetch_add(1) != 0) shared = true;
    busy[worker].fetch_sub(1);
  });
  EXPECT_FALSE(shared);
}

TEST(WorkerPool, RunsASinglePartOnTheCaller) {
  worker_pool pool{3};
  const auto caller = std::this_thread::get_id();
  pool.run(1, [&](std::uint32_t, unsigned worker) {
    EXPECT_EQ(worker, 0U);
    EXPECT_EQ(std::this_thread::get_id(), caller);
  });
}

TEST(WorkerPool, EndsWithoutEverHavingRun) {
  for (int i = 0; i < 50; ++i) worker_pool pool{4};
}

}  // namespace
}  // namespace troupe::engine
