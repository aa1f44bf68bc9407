// Who waits for an engine at the router: the promise of each answer, by ticket and by who asks.
//
// Thread: the router actor's. Bounds: those of admission, which decides who is let in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "actors/messages.hpp"
#include "actors/router/admission_queue.hpp"
#include "runtime/clock.hpp"

namespace troupe::actors {

// A request that waits for an engine.
struct waiting_request {
  caf::typed_response_promise<engine_lease> promise;
  std::pair<caf::actor_id, std::uint64_t> asker;  // a stream, and its number for the request
  std::uint32_t epoch = 0;
  time_point since;
};

class waiting_room {
 public:
  void enter(ticket id, waiting_request request) {
    by_asker_[request.asker] = id;
    by_ticket_.emplace(id, std::move(request));
  }

  // Returns the ticket of a stream's request; nothing where it does not wait.
  std::optional<ticket> find(const std::pair<caf::actor_id, std::uint64_t>& asker) const {
    const auto found = by_asker_.find(asker);
    return found == by_asker_.end() ? std::nullopt : std::optional{found->second};
  }

  // Takes a request out.
  std::optional<waiting_request> leave(ticket id) {
    const auto found = by_ticket_.find(id);
    if (found == by_ticket_.end()) return std::nullopt;
    std::optional<waiting_request> request{std::move(found->second)};
    by_asker_.erase(request->asker);
    by_ticket_.erase(found);
    return request;
  }

  // Takes all of them out.
  std::unordered_map<ticket, waiting_request> leave_all() {
    by_asker_.clear();
    return std::exchange(by_ticket_, {});
  }

 private:
  std::unordered_map<ticket, waiting_request> by_ticket_;
  std::map<std::pair<caf::actor_id, std::uint64_t>, ticket> by_asker_;
};

}  // namespace troupe::actors
