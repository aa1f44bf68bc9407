// Gives each request to an engine: at once where one has room, else as soon as one has.
//
// The late binding of the design: what would only wait at an engine waits here, where it can still
// go anywhere. A request that meets nobody waiting and an engine with room passes straight through.
//
// Thread: confined. Time comes in. Bounds: config::admission_limits.
// Errors: those of router_core; too_many_requests, with the seconds after which to try again, past
// the bound or the deadline.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <caf/error.hpp>

#include "actors/router/admission_queue.hpp"
#include "actors/router/router_core.hpp"

namespace troupe::actors {

// A request that asks for an engine.
struct applicant {
  prompt_facts facts;
  std::vector<engine_id> excluded;      // engines that failed it
  std::chrono::milliseconds waited{0};  // before it came here, counted against queue_timeout
};

// What became of a request: an engine, or a refusal.
using admission_result = std::variant<decision, caf::error>;

class admission {
 public:
  // Told of each request that has waited, once.
  using listener = std::function<void(ticket, admission_result)>;

  admission(const config::router_spec& spec, router_core& core, listener tell);

  // Takes a request. Nothing: it waits, and the listener will be told later.
  std::optional<admission_result> submit(ticket id, applicant who, time_point now);

  // Gives waiting requests what has room now. Call when a lease ends, a first token comes, an
  // engine changes, and from time to time.
  void settle(time_point now);

  // Takes a request out whose client has left; false where it does not wait.
  bool withdraw(ticket id);

  void set_limits(const config::admission_limits& limits);

  const admission_queue& queue() const { return queue_; }

 private:
  caf::error refusal(const std::string& why, time_point now) const;
  std::optional<admission_result> wait(ticket id, applicant who, time_point now);
  void tell(ticket id, admission_result result);
  std::vector<std::pair<ticket, admission_result>> give_out(const std::string& model,
                                                            time_point now);

  config::admission_limits limits_;
  router_core& core_;
  listener tell_;
  admission_queue queue_;
  std::unordered_map<ticket, applicant> waiting_;
};

}  // namespace troupe::actors
