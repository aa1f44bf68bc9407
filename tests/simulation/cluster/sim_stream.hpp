// A stand-in of actors/stream without HTTP: asks its node's router for engines, one request at a
// time, retries as a stream does, and may be left by its client.
//
// | message | what it does |
// | --- | --- |
// | begin_request | begins one, if none is under way |
// | leave_request | its client leaves |
// | exchange_step | what its engine answers |
//
// Thread: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>

#include "runtime/registry.hpp"
#include "tests/simulation/cluster/model_engine.hpp"
#include "tests/simulation/cluster/request_book.hpp"

namespace troupe::simulation {

struct begin_request {};
struct leave_request {};

struct sim_stream_options {
  std::uint64_t number = 0;  // unique in the cluster
  node_description node;
  registry* names = nullptr;
  request_book* book = nullptr;
  model_engines* engines = nullptr;
  std::chrono::milliseconds ask_timeout{0};
  std::size_t attempts_max = 3;
};

// Spawns it. A request must end within deadline_of(options).
caf::actor spawn_sim_stream(caf::actor_system& system, const sim_stream_options& options);
std::chrono::milliseconds deadline_of(const sim_stream_options& options);

}  // namespace troupe::simulation

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::simulation::begin_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::simulation::leave_request)
