// How much actor work one turn of an I/O thread may do before I/O gets its turn.
//
// Source: with it, an echo beside two endless chatters keeps p50 at 0.35 ms; without it, it never
// gets an answer (tests/runtime/io_scheduler_test.cpp keeps that true). What slow actors cost
// others is measured by bench/messages/crowd_bench.
#pragma once

#include <chrono>
#include <cstddef>

namespace troupe {

struct drain_budget {
  std::size_t resumes_max = 256;
  std::chrono::microseconds time_max{200};
  std::size_t resumes_per_clock_read = 8;
  std::size_t messages_per_resume_max = 8;

  // An actor whose resume takes longer is slow; slow ones run so long at a stretch, and at least
  // one message.
  std::chrono::microseconds slow_time_max{50};
  // Others may go first for so many times what slow ones took last, within the maximum.
  int slow_wait_ratio = 4;
  std::chrono::microseconds slow_wait_max{4'000};
};

}  // namespace troupe
