#include "runtime/io_unit.hpp"

#include <utility>

#include <caf/intrusive_ptr.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include "runtime/io_clock.hpp"

namespace troupe {

io_unit::io_unit(const parts& p)
    : caf::execution_unit{&p.system}, thread_{p.thread}, clock_{p.clock}, budget_{p.budget} {}

io_unit* io_unit::current() {
  auto* thread = io_thread::current();
  return thread != nullptr ? static_cast<io_unit*>(thread->unit()) : nullptr;
}

void io_unit::exec_later(caf::resumable* job) {
  if (thread_.is_current()) {
    queue_.push_back(job);  // the loop drains after the handler we are in
    return;
  }
  bool wake = false;
  {
    std::lock_guard lock{inbox_mutex_};
    wake = inbox_.empty();
    inbox_.push_back(job);
    inbox_filled_.store(true, std::memory_order_release);
  }
  if (wake && !closed_.load()) thread_.post([] {});  // after_handler does the rest
}

void io_unit::take_inbox() {
  if (!inbox_filled_.load(std::memory_order_acquire)) return;
  {
    std::lock_guard lock{inbox_mutex_};
    taken_.swap(inbox_);
    inbox_filled_.store(false, std::memory_order_relaxed);
  }
  queue_.insert(queue_.end(), taken_.begin(), taken_.end());
  taken_.clear();
}

void io_unit::after_handler() {
  clock_.send_due(thread_.index(), this);
  if (!behind_) drain();
  clock_.set_kernel_timer(thread_.index());
}

void io_unit::drain() {
  take_inbox();
  if (queue_.empty()) return;
  draining_ = true;
  drain_time_ = now();
  const auto until = drain_time_ + budget_.time_max;
  std::size_t resumes = 0;
  while (!queue_.empty() && resumes < budget_.resumes_max) {
    const auto* job = queue_.front();
    const bool has_more = resume_one();
    if (++resumes % budget_.resumes_per_clock_read != 0 && !has_more) continue;
    const auto before = std::exchange(drain_time_, now());
    if (has_more) judge(job, drain_time_ - before);
    if (drain_time_ >= until) break;
  }
  draining_ = false;
  if (!queue_.empty()) continue_later();
}

bool io_unit::resume_one() {
  auto* job = queue_.front();
  queue_.pop_front();
  const auto messages = slow_.contains(job) ? 1 : budget_.messages_per_resume_max;
  switch (job->resume(this, messages)) {
    case caf::resumable::resume_later:
      queue_.push_back(job);
      return true;
    case caf::resumable::awaiting_message:
    case caf::resumable::done:
      caf::intrusive_ptr_release(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;  // CAF's own workers only
  }
  return false;
}

// What ran since the clock was read before counts, too: who is held for slow wrongly loses little.
void io_unit::judge(const caf::resumable* job, std::chrono::nanoseconds took) {
  const auto messages = static_cast<std::int64_t>(budget_.messages_per_resume_max);
  if (slow_.contains(job) ? took * messages < budget_.time_max : took <= budget_.time_max) {
    slow_.erase(job);
  } else {
    slow_.insert(job);
  }
}

void io_unit::continue_later() {
  behind_ = true;
  thread_.post([this] { behind_ = false; });
}

bool io_unit::release_leftovers() {
  take_inbox();
  const bool any = !queue_.empty();
  while (!queue_.empty()) {
    auto* job = queue_.front();
    queue_.pop_front();
    caf::scheduler::abstract_coordinator::cleanup_and_release(job);
    take_inbox();
  }
  return any;
}

}  // namespace troupe
