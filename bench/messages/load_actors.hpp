// The two actors of a measurement, whatever carries their messages.
//
// Messages: (number, payload) one way, the number counting down to 0 at the end of a batch, which
// is answered by (number of messages); (payload), a request answered by the payload.
#pragma once

#include <cstdint>
#include <functional>

#include <caf/actor.hpp>
#include <caf/behavior.hpp>
#include <caf/duration.hpp>
#include <caf/event_based_actor.hpp>

#include "bench/messages/message_load.hpp"

namespace troupe::bench {

// Takes messages and answers requests.
caf::behavior load_server(caf::event_based_actor* self);

// Where to put a load, and how.
struct load_target {
  caf::actor server;
  caf::duration request_timeout;
  bool as_bytes = false;  // the payload is a shared_bytes, else a text
};

// Puts one load on a server; says the rate at its end, and ends itself.
caf::behavior load_client(caf::event_based_actor* self, load_target target, message_load load,
                          std::function<void(double)> measured);

}  // namespace troupe::bench
