// How much actor work one turn of an I/O thread may do before I/O gets its turn.
//
// Source: with it, an echo beside two endless chatters keeps p50 at 0.35 ms; without it, it never
// gets an answer (tests/runtime/io_scheduler_test.cpp keeps that true). Of an actor with a backlog
// others see 8 messages: bench/messages/crowd_bench measures them.
#pragma once

#include <chrono>
#include <cstddef>

namespace troupe {

struct drain_budget {
  std::size_t resumes_max = 256;
  std::chrono::microseconds time_max{200};
  std::size_t resumes_per_clock_read = 8;
  std::size_t messages_per_resume_max = 8;  // of an actor that was slow lately 1
};

}  // namespace troupe
