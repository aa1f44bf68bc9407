// The actor `cluster/member`, which holds a node's life in its cluster and ends with it; and what
// belongs to every life.
//
// Its supervisor starts it again, with back-off, and it begins another life. Told to end, it has
// the farewell said first.
//
// | message | what it does |
// | --- | --- |
// | node_change | ends where the others hold this node for dead |
// | exit | says farewell, ends what the life needs, then itself |
//
// Thread: pinned to the home thread, where the lives are used.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <caf/actor.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include "runtime/io_thread.hpp"
#include "runtime/registry.hpp"
#include "runtime/supervisor.hpp"
#include "transport/links/remote_actors.hpp"

namespace troupe::apps {

// What a life needs.
struct life_actors {
  caf::actor membership;
  supervisor_actor supervisor;  // of membership and all that hangs on it
};

// How long its farewell may take.
inline constexpr std::chrono::milliseconds farewell_timeout{1'000};

// A node's lives, one after the other.
class node_lives {
 public:
  virtual ~node_lives() = default;

  // Begins one. Errors: why it cannot; it is tried again.
  virtual caf::expected<life_actors> begin_life() = 0;

  // Ends the one there is, if any.
  virtual void end_life() = 0;

  // The others know of that incarnation of this node: the next is to be a higher one.
  virtual void outlived(std::uint64_t incarnation) = 0;
};

// Returns the child that holds a life. `lives` points to null once they are gone; without a home
// thread (simulation) it runs wherever it is told.
child_spec member_child(io_thread* home, const std::shared_ptr<node_lives*>& lives);

// ---- children of a life's supervisor ----

// The membership actor, with whose end the life is over: it is to end its supervisor.
child_spec membership_child(const caf::actor& membership);

// A child that is told of all nodes, each time it starts.
child_spec follower_child(const std::string& name, const caf::actor& membership,
                          std::function<caf::actor(caf::actor_system&)> spawn);

// What publishes the routers of other nodes; `names` is to outlive it.
child_spec finder_child(const caf::actor& membership, registry& names,
                        const std::shared_ptr<transport::remote_actors>& remote);

}  // namespace troupe::apps
