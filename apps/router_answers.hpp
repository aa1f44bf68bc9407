// What all routers that a node knows say of engines, so that none is taken away under a request.
//
// Thread: an actor's own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <caf/fwd.hpp>

#include "actors/messages.hpp"

namespace troupe::apps {

// What each router says; nothing where one has not answered in time.
using router_answers = std::vector<std::optional<actors::model_listing>>;

// Tells whether every router holds the engine to be up and gives it requests.
bool is_up_everywhere(const router_answers& routers, const std::string& engine);

// Tells whether every router knows that the engine drains and has no request there.
bool is_drained_everywhere(const router_answers& routers, const std::string& engine);

// Asks routers, and calls `then` once, when the last has answered or its 2 s are over; at once
// where there is none.
void ask_each(caf::event_based_actor* self, const std::vector<actors::router_actor>& routers,
              const std::function<void(const router_answers&)>& then);

}  // namespace troupe::apps
