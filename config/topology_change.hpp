// What has to be done to make a running node be what its file now says.
//
// Pure. Engines are compared one by one, under the names they run by, whatever groups they come
// from. What cannot change while the node runs is named, key by key, and left as it was.
#pragma once

#include <string>
#include <vector>

#include "config/topology.hpp"

namespace troupe::config {

// What came, went or changed, by name.
struct name_changes {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;

  bool empty() const { return added.empty() && changed.empty() && removed.empty(); }
};

struct topology_change {
  std::vector<engine_spec> added;        // single engines: `name` is the engine's, `count` is 1
  std::vector<engine_spec> replaced;     // the same name, another engine
  std::vector<engine_spec> resettled;    // the same engine, another weight or bound
  std::vector<std::string> removed;      // by name
  bool router = false;                   // policies, sessions, models, admission, limits
  bool stream = false;                   // limits of requests to come
  bool tls = false;                      // other files of the endpoint's certificate
  bool placed = false;                   // engines that run on whichever nodes live
  name_changes api_keys;                 // of clients
  std::vector<std::string> needs_start;  // keys whose change only a new start brings

  bool empty() const;
};

// Returns each engine of a group as a group of one under its own name.
std::vector<engine_spec> single_engines(const engine_spec& group);

// What a reload has read.
struct reloaded {
  topology all;
  node_spec node;  // of it, with the flags that the node was started with
};

// Tells whether two engines differ at most in what may be told to their proxies.
bool is_same_engine(engine_spec a, const engine_spec& b);

// Adds what the nodes have in common and has changed.
void compare_shared(const topology& from, const topology& to, topology_change& change);

// Returns what leads from one node to the other.
topology_change difference(const node_spec& from, const node_spec& to);

}  // namespace troupe::config
