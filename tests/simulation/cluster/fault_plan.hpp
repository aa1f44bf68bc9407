// What is done to a simulated cluster: its shape, and a list of faults drawn from a seed.
//
// Thread: values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::simulation {

enum class fault_kind : std::uint8_t {
  kill,          // a node's process, at once; it starts again after `lasting`
  leave,         // a node is told to stop; it starts again once it has, not before `lasting`
  pause,         // a node stands still
  cut,           // what `node` sends `other` does not arrive
  isolate,       // a node is cut from all others, both ways
  slow,          // what `node` sends `other` comes 30 ms later
  lose,          // 5 % of what `node` sends `other` is lost
  engine_dies,   // the engines of a node, if it has any, and those that are started meanwhile
  engine_hangs,  // they take what comes and answer nothing, and then die
  actor_dies,    // the router of a node, or the proxies of its engines; `lasting` says nothing
};

struct fault {
  fault_kind kind = fault_kind::kill;
  std::chrono::milliseconds at{0};
  std::chrono::milliseconds lasting{0};
  std::size_t node = 0;
  std::size_t other = 0;
};

inline std::string node_name(std::size_t node) {
  return "n" + std::to_string(node);
}

inline constexpr std::size_t clients_a_router = 3;

struct fault_plan {
  std::uint64_t seed = 1;
  std::size_t routers = 1;         // nodes 0 to routers - 1
  std::size_t engines = 1;         // nodes for engines, after those
  std::size_t engines_each = 1;    // of a node for engines, where none are placed
  std::uint32_t placed = 0;        // engines on whichever of them; 0: each has its own
  std::uint32_t per_node_max = 0;  // placed engines of a node; 0: no bound
  std::uint32_t requests_max = 0;  // of an engine; 0: no bound
  bool stalls = true;              // some tokens come later than clients wait
  std::vector<fault> faults{};

  std::size_t nodes() const { return routers + engines; }

  // Returns the node whose endpoint a client uses.
  static std::string endpoint_of(std::uint64_t client) {
    return node_name(client / clients_a_router);
  }
};

inline constexpr std::chrono::milliseconds faults_begin{2'000};
inline constexpr std::chrono::milliseconds faults_end{8'000};  // the last has ended

// Draws the plan of a seed.
fault_plan draw_plan(std::uint64_t seed);

// Returns a line for each kind of fault: its name in plans, and what it is.
std::string describe_faults();

std::string to_string(const fault& what);
std::string to_string(const fault_plan& plan);

}  // namespace troupe::simulation
