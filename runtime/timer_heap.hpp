// Timers of one thread as plain data: a heap ordered by (due, order of arming) with an index by key
// and by owner. No clock, no lock, no thread.
//
// Thread: one at a time (io_clock locks around it).
// Costs: arm and cancel O(log n); cancel_owner O(timers of that owner).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <caf/actor_control_block.hpp>
#include <caf/group.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include "runtime/clock.hpp"

namespace troupe {

enum class timer_kind : std::uint8_t { ordinary, multi, request, message, group_message };

// What a cancel names. Timers of kind message and group_message have no key of their own: they only
// go with their owner.
struct timer_key {
  const void* owner = nullptr;  // control block of the actor
  timer_kind kind = timer_kind::message;
  std::uint64_t a = 0;  // request: message id; ordinary and multi: the type's atom
  std::uint64_t b = 0;  // multi: the timeout's id

  friend bool operator==(const timer_key&, const timer_key&) = default;
};

struct group_content {
  caf::group target;
  caf::message content;
};

struct timer_entry {
  time_point due;
  timer_key key;
  std::uint64_t id = 0;          // of the timeout message
  caf::strong_actor_ptr target;  // receiver; sender for group messages
  caf::mailbox_element_ptr content;
  std::unique_ptr<group_content> group;
};

class timer_heap {
 public:
  timer_heap();

  std::size_t size() const { return heap_.size(); }

  // Deadline of the earliest timer; time_point::max() if there is none.
  time_point next_due() const { return heap_.empty() ? time_point::max() : heap_.front().due; }

  // Adds a timer. An ordinary one replaces that of the same key, which is returned.
  std::optional<timer_entry> arm(timer_entry entry);

  // Takes out the timer of that key.
  std::optional<timer_entry> cancel(const timer_key& key);

  // Takes out all timers of an owner, appending them to `out`.
  void cancel_owner(const void* owner, std::vector<timer_entry>& out);

  // Takes out at most `count` timers that are due, earliest first, appending them to `out`.
  void pop_due(time_point now, std::size_t count, std::vector<timer_entry>& out);

  // Takes out everything.
  std::vector<timer_entry> clear();

 private:
  using slot_id = std::uint32_t;
  static constexpr slot_id none = ~slot_id{0};

  struct node {  // heap entry, small for the cache
    time_point due;
    std::uint64_t order;
    slot_id slot;
  };
  struct slot {
    timer_entry entry;
    std::uint32_t place = 0;  // in heap_
    slot_id next_by_key = none;
    slot_id next_by_owner = none;
    slot_id previous_by_owner = none;
  };

  static bool before(const node& x, const node& y);
  std::size_t key_bucket(const timer_key& key) const;
  std::size_t owner_bucket(const void* owner) const;
  slot_id find(const timer_key& key) const;
  void place(std::size_t at, const node& value);
  void sift_up(std::size_t at);
  void sift_down(std::size_t at);
  void link(slot_id id);
  void unlink(slot_id id);
  void grow_buckets();
  timer_entry remove(slot_id id);

  std::vector<node> heap_;
  std::vector<slot> slots_;
  std::vector<slot_id> free_;
  std::vector<slot_id> by_key_;  // buckets, a power of two
  std::vector<slot_id> by_owner_;
  std::uint64_t order_ = 0;
};

}  // namespace troupe
