// Requests of this node's actors that a peer has not answered yet.
//
// CAF 0.17.6 never answers a request whose receiver's node is gone; whoever ends a link asks here
// for those that went over it. An answer may come from a third node, so requests are found by who
// asked and by number. An asker is held until then: elsewhere its request would hold it, too.
//
// Thread: any.
// Bounds: pending_max; at the bound the oldest is forgotten, its asker is left to its own deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <caf/actor_control_block.hpp>
#include <caf/message_id.hpp>

namespace troupe::transport {

struct pending_request {
  caf::strong_actor_ptr asker;
  caf::message_id id;
  const void* peer = nullptr;  // which link it went over
};

class pending_requests {
 public:
  explicit pending_requests(std::size_t pending_max = 65'536) : pending_max_{pending_max} {}

  void add(const caf::strong_actor_ptr& asker, caf::message_id id, const void* peer);

  // Forgets a request that is answered. `id` may be that of the answer.
  void answered(const caf::strong_actor_ptr& asker, caf::message_id id);

  // Forgets those that went to a peer, and returns them in the order they were made.
  std::vector<pending_request> take(const void* peer);

  std::size_t size() const;

  // Returns how many are kept in order, answered ones included.
  std::size_t remembered() const;

 private:
  struct key {
    const void* asker;
    std::uint64_t number;
    bool operator==(const key&) const = default;
  };
  struct key_hash {
    std::size_t operator()(const key& k) const noexcept {
      return reinterpret_cast<std::uintptr_t>(k.asker) / 64 ^ k.number * 0x9e3779b97f4a7c15ULL;
    }
  };

  using map = std::unordered_map<key, pending_request, key_hash>;

  static key key_of(const caf::strong_actor_ptr& asker, caf::message_id id);
  std::vector<map::node_type> forget_stale();

  const std::size_t pending_max_;
  mutable std::mutex mutex_;
  map requests_;
  std::deque<key> order_;  // oldest first; answered ones are skipped when they get to the front
};

}  // namespace troupe::transport
