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
    put(job);  // the loop drains after the handler we are in
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

void io_unit::put(caf::resumable* job) {
  (slow_.contains(job) ? slow_queue_ : queue_).push_back(job);
}

void io_unit::take_inbox() {
  if (!inbox_filled_.load(std::memory_order_acquire)) return;
  {
    std::lock_guard lock{inbox_mutex_};
    taken_.swap(inbox_);
    inbox_filled_.store(false, std::memory_order_relaxed);
  }
  for (auto* job : taken_) put(job);
  taken_.clear();
}

void io_unit::after_handler() {
  clock_.send_due(thread_.index(), this);
  if (!std::exchange(in_slow_turn_, false)) pace_.other_ran();
  if (!behind_) drain();
  if (!slow_queue_.empty() && !slow_turn_due_) post_slow_turn();
  clock_.set_kernel_timer(thread_.index());
}

void io_unit::drain() {
  take_inbox();
  if (queue_.empty()) return;
  draining_ = true;
  drain_time_ = now();
  const auto until = drain_time_ + budget_.time_max;
  std::size_t resumes = 0;
  std::size_t untimed = 0;
  while (!queue_.empty() && resumes < budget_.resumes_max && drain_time_ < until) {
    auto* job = queue_.front();
    queue_.pop_front();
    const bool has_more = resume(job, budget_.messages_per_resume_max);
    ++resumes;
    ++untimed;
    if (has_more || queue_.empty() || untimed == budget_.resumes_per_clock_read ||
        slow_.times_each()) {
      slow_.ran(job, std::exchange(untimed, 0), has_more, lap());
    }
    if (has_more) put(job);
  }
  draining_ = false;
  if (!queue_.empty()) continue_later();
}

bool io_unit::resume(caf::resumable* job, std::size_t messages_max) {
  switch (job->resume(this, messages_max)) {
    case caf::resumable::resume_later:
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

std::chrono::nanoseconds io_unit::lap() {
  const auto before = std::exchange(drain_time_, now());
  return drain_time_ - before;
}

void io_unit::continue_later() {
  behind_ = true;
  thread_.post([this] { behind_ = false; });
}

void io_unit::post_slow_turn() {
  slow_turn_due_ = true;
  thread_.post([this] {
    slow_turn_due_ = false;
    in_slow_turn_ = true;
    if (pace_.may_run(now())) run_slow();
  });
}

void io_unit::run_slow() {
  draining_ = true;
  drain_time_ = now();
  const auto from = drain_time_;
  while (!slow_queue_.empty()) {
    auto* job = slow_queue_.front();
    slow_queue_.pop_front();
    const bool has_more = resume(job, 1);
    slow_.ran(job, 1, has_more, lap());
    if (has_more) put(job);
    if (drain_time_ - from >= budget_.slow_time_max) break;
  }
  draining_ = false;
  pace_.ran(from, drain_time_);
}

bool io_unit::release_leftovers() {
  take_inbox();
  const bool any = !queue_.empty() || !slow_queue_.empty();
  for (auto* each : {&queue_, &slow_queue_}) {
    while (!each->empty()) {
      auto* job = each->front();
      each->pop_front();
      caf::scheduler::abstract_coordinator::cleanup_and_release(job);
      take_inbox();
    }
  }
  return any;
}

}  // namespace troupe
