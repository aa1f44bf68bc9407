// What is known of a running node by who changes it; outlives a restart of its admin actor.
//
// Thread: I/O thread 0, but for its making.
#pragma once

#include <utility>

#include "apps/engine_table.hpp"
#include "config/topology.hpp"
#include "runtime/supervisor.hpp"

namespace troupe::apps {

struct node_record {
  explicit node_record(config::node_spec started) : spec{std::move(started)}, table{spec.engines} {}

  config::topology all{};  // cluster and placed engines alone, likewise
  config::node_spec spec;  // as it was started, with what reloads have changed since
  engine_table table;
  supervisor_actor supervisor;  // of the engines; null before the node's start and after its end
};

}  // namespace troupe::apps
