#include "engine/embedded/model/worker_pool.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <hwy/base.h>
#if HWY_ARCH_X86
#include <immintrin.h>
#endif

#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

constexpr int spins_max = 4000;  // some 50 us: longer than a gap between jobs of one step

void pause() {
#if HWY_ARCH_X86
  _mm_pause();
#elif HWY_ARCH_ARM
  asm volatile("yield");
#endif
}

// Waits until the value is another than `old`; spins first, then sleeps.
template <class T>
void wait_for_change(const std::atomic<T>& value, T old) {
  for (int i = 0; i < spins_max; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

struct worker_pool::state {
  // Job number in the high half, next unclaimed part in the low half. A claim is a compare-and-swap
  // of the whole, so a worker that is late for a job cannot claim from it, nor read its function:
  // the ticket is closed (no part left) before the next job's fields are written.
  std::atomic<std::uint64_t> ticket{0};
  std::atomic<std::uint32_t> parts{0};
  std::atomic<const part_function*> part{nullptr};
  std::atomic<std::uint32_t> done{0};
  std::atomic<std::uint32_t> job{0};  // what sleeping workers wait on
  std::atomic<bool> stopping{false};
  std::vector<std::thread> workers;

  // Claims and runs parts until none is left.
  void share(unsigned worker) {
    auto seen = ticket.load(std::memory_order_acquire);
    for (;;) {
      const auto count = parts.load(std::memory_order_acquire);
      if (static_cast<std::uint32_t>(seen) >= count) return;
      if (!ticket.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel)) continue;
      (*part.load(std::memory_order_relaxed))(static_cast<std::uint32_t>(seen), worker);
      if (done.fetch_add(1, std::memory_order_acq_rel) + 1 == count) done.notify_one();
      seen = ticket.load(std::memory_order_acquire);
    }
  }

  void work(unsigned worker) {
    std::uint32_t last = 0;
    while (!stopping.load(std::memory_order_acquire)) {
      share(worker);
      wait_for_change(job, last);
      last = job.load(std::memory_order_acquire);
    }
  }
};

worker_pool::worker_pool(unsigned threads) : state_{std::make_unique<state>()} {
  TROUPE_ASSERT(threads > 0 && threads <= 1024);
  for (unsigned i = 1; i < threads; ++i) {
    state_->workers.emplace_back([this, i] { state_->work(i); });
  }
}

worker_pool::~worker_pool() {
  state_->stopping.store(true, std::memory_order_release);
  state_->job.fetch_add(1, std::memory_order_release);
  state_->job.notify_all();
  for (auto& worker : state_->workers) worker.join();
}

unsigned worker_pool::threads() const {
  return static_cast<unsigned>(state_->workers.size()) + 1;
}

void worker_pool::run(std::uint32_t parts, const part_function& part) {
  if (parts <= 1 || state_->workers.empty()) {
    for (std::uint32_t i = 0; i < parts; ++i) part(i, 0);
    return;
  }
  auto& s = *state_;
  // All parts of the job before are done: nobody holds a claim while this is written.
  const auto number = (s.ticket.load(std::memory_order_relaxed) >> 32U) + 1;
  s.ticket.store((number << 32U) - 1, std::memory_order_relaxed);
  s.done.store(0, std::memory_order_relaxed);
  s.part.store(&part, std::memory_order_relaxed);
  s.parts.store(parts, std::memory_order_release);
  s.ticket.store(number << 32U, std::memory_order_release);
  s.job.fetch_add(1, std::memory_order_release);
  s.job.notify_all();
  s.share(0);
  for (auto done = s.done.load(std::memory_order_acquire); done != parts;
       done = s.done.load(std::memory_order_acquire)) {
    wait_for_change(s.done, done);
  }
}

}  // namespace troupe::engine
