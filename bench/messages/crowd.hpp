// The two sides of a crowd: servers with many actors or plain cppzmq, and those that ask.
//
// A request is a payload of 64 B, answered by itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "bench/messages/crowd_load.hpp"

namespace troupe::bench {

// Serve until the process is killed; say on which port of loopback.
[[noreturn]] void serve_crowd(std::size_t actors,
                              const std::function<void(std::uint16_t)>& listening);
[[noreturn]] void serve_raw(const std::function<void(std::uint16_t)>& listening);

// Put a load on a server; `peer` tells this process from others.
crowd_result ask_crowd(std::uint16_t port, std::size_t peer, const crowd_load& load);
crowd_result ask_raw(std::uint16_t port, const crowd_load& load);

// Keeps requests waiting for a further actor of the server, each of which it works on for `takes`,
// until the process is killed; says what it got while others were measured.
[[noreturn]] void ask_slow(std::uint16_t port, const crowd_load& load,
                           std::chrono::microseconds takes,
                           const std::function<void(const crowd_result&)>& got);

// Links to a server and does nothing; returns the milliseconds of processor time a second.
double idle_cost(std::uint16_t port);

}  // namespace troupe::bench
