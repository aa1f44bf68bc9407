#include "runtime/io_clock.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <caf/abstract_group.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include "runtime/assert.hpp"
#include "runtime/io_thread.hpp"
#include "runtime/io_unit.hpp"

namespace troupe {

namespace asio = boost::asio;

namespace {

using kernel_timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                                asio::wait_traits<std::chrono::steady_clock>,
                                                asio::io_context::executor_type>;

constexpr std::size_t due_per_turn_max = 256;
constexpr std::size_t owner_counters = 1024;
constexpr auto relaxed = std::memory_order_relaxed;

std::size_t counter_index(const void* owner) {
  const auto x = reinterpret_cast<std::uintptr_t>(owner) >> 6;
  return (x ^ (x >> 10)) % owner_counters;
}

const void* owner_of(const caf::abstract_actor* self) {
  return self->ctrl();
}

void send_off(timer_entry& e, caf::execution_unit* unit) {
  switch (e.key.kind) {
    case timer_kind::ordinary:
    case timer_kind::multi:
      e.target->get()->eq_impl(caf::make_message_id(), e.target, unit,
                               caf::timeout_msg{static_cast<caf::atom_value>(e.key.a), e.id});
      break;
    case timer_kind::request:
      e.target->get()->eq_impl(caf::make_message_id(e.key.a), e.target, unit,
                               caf::make_error(caf::sec::request_timeout));
      break;
    case timer_kind::message:
      e.target->enqueue(std::move(e.content), unit);
      break;
    case timer_kind::group_message:
      e.group->target->eq_impl(caf::make_message_id(), std::move(e.target), unit,
                               std::move(e.group->content));
      break;
  }
}

}  // namespace

struct io_clock::shard {
  explicit shard(io_thread& t) : thread{t}, timer{std::in_place, t.context()} {}

  // A false "maybe" costs a look-up, a false "no" cannot be: who arms also cancels, in sequence.
  bool may_have(const void* owner) const {
    return armed_by_owner[counter_index(owner)].load(relaxed) != 0;
  }
  void count_in(const void* owner) { armed_by_owner[counter_index(owner)].fetch_add(1, relaxed); }
  void count_out(const void* owner) { armed_by_owner[counter_index(owner)].fetch_sub(1, relaxed); }

  std::optional<timer_entry> take(const timer_key& key) {
    std::lock_guard lock{mutex};
    auto entry = timers.cancel(key);
    if (entry) count_out(key.owner);
    return entry;
  }

  io_thread& thread;
  std::mutex mutex;
  timer_heap timers;
  std::array<std::atomic<std::uint32_t>, owner_counters> armed_by_owner{};
  std::atomic<bool> moved_forward{false};  // the earliest deadline; the Asio timer follows

  // On the thread only.
  std::optional<kernel_timer> timer;
  time_point timer_due = time_point::max();
  bool any_due = false;
  std::vector<timer_entry> due;

  std::atomic<std::uint64_t> armed_total{0};
  std::atomic<std::uint64_t> fired{0};
  std::atomic<std::uint64_t> cancelled{0};
  std::atomic<std::uint64_t> kernel_timers_set{0};
  std::atomic<std::uint64_t> lag_ns_total{0};
  std::atomic<std::uint64_t> lag_ns_max{0};
};

io_clock::io_clock(const std::vector<std::unique_ptr<io_thread>>& threads) {
  for (const auto& thread : threads) shards_.push_back(std::make_unique<shard>(*thread));
}

io_clock::~io_clock() = default;

timer_counts io_clock::counts() const {
  timer_counts sum;
  for (const auto& s : shards_) {
    sum.armed_total += s->armed_total.load(relaxed);
    sum.fired += s->fired.load(relaxed);
    sum.cancelled += s->cancelled.load(relaxed);
    sum.kernel_timers_set += s->kernel_timers_set.load(relaxed);
    sum.lag_ns_total += s->lag_ns_total.load(relaxed);
    sum.lag_ns_max = std::max(sum.lag_ns_max, s->lag_ns_max.load(relaxed));
    std::lock_guard lock{s->mutex};
    sum.armed += s->timers.size();
  }
  return sum;
}

io_clock::shard* io_clock::own_shard() const {
  auto* thread = io_thread::current();
  if (thread == nullptr || thread->index() >= shards_.size()) return nullptr;
  auto* s = shards_[thread->index()].get();
  return &s->thread == thread ? s : nullptr;
}

void io_clock::arm(timer_entry entry) {
  if (entry.key.kind == timer_kind::ordinary) cancel(entry.key);  // it may sit on another thread
  auto* own = own_shard();
  auto& s = own != nullptr ? *own : *shards_.front();
  const auto due = entry.due;
  bool earliest = false;
  {
    std::unique_lock lock{s.mutex};
    if (closed_.load(relaxed)) {
      lock.unlock();  // releasing the entry may end an actor, which cancels its timers
      return;
    }
    s.count_in(entry.key.owner);
    s.timers.arm(std::move(entry));
    earliest = s.timers.next_due() == due;
  }
  s.armed_total.fetch_add(1, relaxed);
  if (!earliest) return;
  const bool known = s.moved_forward.exchange(true, std::memory_order_acq_rel);
  if (own == nullptr && !known) s.thread.post([] {});  // set_kernel_timer comes after it
}

void io_clock::cancel(const timer_key& key) {
  auto* own = own_shard();
  std::optional<timer_entry> entry;  // released when no lock is held
  if (own != nullptr && own->may_have(key.owner)) entry = own->take(key);
  for (auto& s : shards_) {
    if (entry) {
      s->cancelled.fetch_add(1, relaxed);
      return;
    }
    if (s.get() != own && s->may_have(key.owner)) entry = s->take(key);
  }
  if (entry) shards_.front()->cancelled.fetch_add(1, relaxed);
}

void io_clock::send_due(std::size_t index, caf::execution_unit* unit) {
  auto& s = *shards_[index];
  if (!s.any_due) return;
  const auto time = troupe::now();
  {
    std::lock_guard lock{s.mutex};
    s.timers.pop_due(time, due_per_turn_max, s.due);
    for (const auto& e : s.due) s.count_out(e.key.owner);
  }
  s.any_due = s.due.size() == due_per_turn_max;
  if (s.any_due) s.thread.post([] {});
  s.moved_forward.store(true, relaxed);  // the Asio timer is used up
  for (auto& e : s.due) {
    const auto lag = static_cast<std::uint64_t>(std::chrono::nanoseconds{time - e.due}.count());
    s.lag_ns_total.fetch_add(lag, relaxed);
    if (lag > s.lag_ns_max.load(relaxed)) s.lag_ns_max.store(lag, relaxed);
    send_off(e, unit);
  }
  s.fired.fetch_add(s.due.size(), relaxed);
  s.due.clear();
}

void io_clock::set_kernel_timer(std::size_t index) {
  auto& s = *shards_[index];
  if (!s.moved_forward.load(relaxed)) return;
  s.moved_forward.exchange(false, std::memory_order_acq_rel);
  time_point due;
  {
    std::lock_guard lock{s.mutex};
    due = s.timers.next_due();
  }
  if (due >= s.timer_due || !s.timer) return;
  s.timer_due = due;
  s.kernel_timers_set.fetch_add(1, relaxed);
  s.timer->expires_at(due);
  s.timer->async_wait([&s](const boost::system::error_code& error) {
    if (error) return;  // set anew or cancelled
    s.timer_due = time_point::max();
    s.any_due = true;
    s.moved_forward.store(true, relaxed);
  });
}

void io_clock::close() {
  closed_.store(true);
  cancel_all();
}

void io_clock::cancel_kernel_timer(std::size_t index) {
  shards_[index]->timer->cancel();
}

void io_clock::release() {
  for (auto& s : shards_) s->timer.reset();
}

io_clock::time_point io_clock::now() const noexcept {
  auto* unit = io_unit::current();
  return unit != nullptr && unit->draining() ? unit->drain_time() : troupe::now();
}

void io_clock::set_ordinary_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                                    std::uint64_t id) {
  const timer_key key{owner_of(self), timer_kind::ordinary, static_cast<std::uint64_t>(type), 0};
  arm({due, key, id, caf::strong_actor_ptr{self->ctrl()}, nullptr, nullptr});
}

void io_clock::set_multi_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                                 std::uint64_t id) {
  const timer_key key{owner_of(self), timer_kind::multi, static_cast<std::uint64_t>(type), id};
  arm({due, key, id, caf::strong_actor_ptr{self->ctrl()}, nullptr, nullptr});
}

void io_clock::set_request_timeout(time_point due, caf::abstract_actor* self, caf::message_id id) {
  const timer_key key{owner_of(self), timer_kind::request, id.integer_value(), 0};
  arm({due, key, 0, caf::strong_actor_ptr{self->ctrl()}, nullptr, nullptr});
}

void io_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  cancel({owner_of(self), timer_kind::ordinary, static_cast<std::uint64_t>(type), 0});
}

void io_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  cancel({owner_of(self), timer_kind::request, id.integer_value(), 0});
}

void io_clock::cancel_timeouts(caf::abstract_actor* self) {
  const auto* owner = owner_of(self);
  std::vector<timer_entry> taken;  // released when no lock is held
  for (auto& s : shards_) {
    if (!s->may_have(owner)) continue;
    std::lock_guard lock{s->mutex};
    const auto before = taken.size();
    s->timers.cancel_owner(owner, taken);
    for (auto i = before; i < taken.size(); ++i) s->count_out(owner);
    s->cancelled.fetch_add(taken.size() - before, relaxed);
  }
}

void io_clock::schedule_message(time_point due, caf::strong_actor_ptr receiver,
                                caf::mailbox_element_ptr content) {
  const timer_key key{receiver.get(), timer_kind::message, 0, 0};
  arm({due, key, 0, std::move(receiver), std::move(content), nullptr});
}

void io_clock::schedule_message(time_point due, caf::group target, caf::strong_actor_ptr sender,
                                caf::message content) {
  const timer_key key{target.get(), timer_kind::group_message, 0, 0};
  auto group =
      std::make_unique<group_content>(group_content{std::move(target), std::move(content)});
  arm({due, key, 0, std::move(sender), nullptr, std::move(group)});
}

void io_clock::cancel_all() {
  for (auto& s : shards_) {
    std::vector<timer_entry> taken;
    {
      std::lock_guard lock{s->mutex};
      taken = s->timers.clear();
      for (const auto& e : taken) s->count_out(e.key.owner);
    }
    s->cancelled.fetch_add(taken.size(), relaxed);
  }
}

}  // namespace troupe
