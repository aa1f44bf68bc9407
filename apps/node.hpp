// Runs one node: its I/O threads, its actors under their supervisor, its HTTP endpoint, its links.
#pragma once

#include <functional>
#include <string>

#include <caf/expected.hpp>

#include "config/topology.hpp"
#include "config/topology_change.hpp"

namespace troupe::apps {

struct node_options {
  std::string program;          // path of this binary, to start embedded engines with
  const config::topology& all;  // where it has a cluster, the node joins it; to outlive the node
  // Reads the configuration again, as at the start.
  std::function<caf::expected<config::reloaded>()> reread;
};

// Starts everything the node's spec names, prints `listening on http://HOST:PORT` to stdout once
// the endpoint accepts (before it, in a cluster, `linked at tcp://HOST:PORT`, which is the last
// line where there is no router, and with an admin API `admin on http://HOST:PORT`), reads its
// configuration again at SIGHUP, and blocks until SIGTERM or SIGINT: streams in flight are
// finished, then engines are stopped. A second signal stops at once. Returns the process's exit
// code.
int run_node(const config::node_spec& spec, const node_options& options);

}  // namespace troupe::apps
