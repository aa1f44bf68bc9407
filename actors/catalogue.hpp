// The messages of our actors that may travel between nodes, in their order.
//
// A new kind goes to the end of its receiver's; nodes that differ refuse each other by its hash.
#pragma once

#include "transport/links/message_catalogue.hpp"

namespace troupe::actors {

// Makes the catalogue: what actors say to router, proxies, streams, engine processes and a node's
// server, and their answers. What an actor says to itself and what holds more than values stays
// within its node.
transport::message_catalogue make_catalogue();

}  // namespace troupe::actors
