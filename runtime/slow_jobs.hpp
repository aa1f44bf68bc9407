// Which actors' handlers took long lately, so that others run before them.
//
// An actor is judged by a resume that was timed alone. Where several ran between two readings of
// the clock and took long together, each resume is timed for a while.
//
// Thread: one. Bounds: so many places; who shares a place shares the verdict until the next one.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "runtime/drain_budget.hpp"

namespace troupe {

class slow_jobs {
 public:
  explicit slow_jobs(const drain_budget& budget) : budget_{budget} {}

  bool contains(const void* job) const { return places_[place_of(job)] == job; }

  // Tells whether to read the clock after each resume.
  bool times_each() const { return timed_left_ > 0; }

  // Takes how long resumes took since the clock was read before; `job` was the last of them.
  void ran(const void* job, std::size_t resumes, bool has_more, std::chrono::nanoseconds took) {
    timed_left_ -= timed_left_ > 0 ? 1 : 0;
    if (resumes == 1) return judge(job, has_more, took);
    if (took > budget_.slow_time_max) timed_left_ = resumes_timed;
  }

 private:
  static constexpr std::size_t places = 64;
  static constexpr int resumes_timed = 256;

  static std::size_t place_of(const void* job) {
    return (reinterpret_cast<std::uintptr_t>(job) * 0x9e37'79b9'7f4a'7c15ULL) >> 58;
  }

  // One that is slow ran one message. With a backlog the others would have followed it.
  void judge(const void* job, bool has_more, std::chrono::nanoseconds took) {
    const bool was_slow = contains(job);
    if (was_slow && has_more) took *= static_cast<int>(budget_.messages_per_resume_max);
    if (took > budget_.slow_time_max) {
      places_[place_of(job)] = job;
    } else if (was_slow) {
      places_[place_of(job)] = nullptr;
    }
  }

  drain_budget budget_;
  std::array<const void*, places> places_{};
  int timed_left_ = 0;
};

}  // namespace troupe
