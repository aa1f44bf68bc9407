// How a modelled step spends its time: an interface, so that tests own the time, and the real one.
//
// Thread: wait on the engine's thread; interrupt from any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace troupe::engine {

class step_wait {
 public:
  virtual ~step_wait() = default;

  // Returns after so long, or as soon as it is interrupted.
  virtual void wait(std::chrono::nanoseconds duration) = 0;

  // Ends the wait under way and all that come after.
  virtual void interrupt() = 0;
};

// Waits on a condition variable: costs no processor time, ends at once when interrupted.
class timed_wait : public step_wait {
 public:
  void wait(std::chrono::nanoseconds duration) override {
    std::unique_lock lock{mutex_};
    interrupted_.wait_for(lock, duration, [this] { return is_interrupted_; });
  }

  void interrupt() override {
    {
      const std::lock_guard lock{mutex_};
      is_interrupted_ = true;
    }
    interrupted_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable interrupted_;
  bool is_interrupted_ = false;
};

}  // namespace troupe::engine
