// Which engines a node has, which of them are on their way out, and what takes their names.
//
// A change is made whole and returns what the node has still to do about it. What must not be is
// asked before (`conflict`, `contains`), so that a refusal changes nothing.
//
// Pure. Bounds: engines_max, for what is added; a file that is read again has its own.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/topology_change.hpp"
#include "runtime/clock.hpp"

namespace troupe::apps {

// An engine on its way out, and the one that takes its name.
struct departure {
  time_point deadline{};  // then it goes with what it still has
  bool stopping = false;  // its supervisor is at it
  std::optional<config::engine_spec> successor{};
};

// What a node has to do after it has read its file again.
struct table_steps {
  std::vector<std::string> drained;            // by name, to get no new requests
  std::vector<config::engine_spec> started;    // new ones
  std::vector<config::engine_spec> resettled;  // those that run, with another weight or bound
};

class engine_table {
 public:
  explicit engine_table(const std::vector<config::engine_spec>& groups,
                        std::size_t engines_max = 4'096);

  // By name, those on their way out included.
  const std::map<std::string, config::engine_spec>& engines() const { return engines_; }
  const std::map<std::string, departure>& departures() const { return departures_; }
  bool contains(const std::string& name) const { return engines_.contains(name); }
  bool is_leaving(const std::string& name) const { return departures_.contains(name); }

  // Returns the engines as they are meant to be: without those that leave, with their successors.
  std::vector<config::engine_spec> intended() const;

  // Says why a group cannot be added; empty: it can.
  std::string conflict(const config::engine_spec& group) const;

  // Adds a group without a conflict; returns its engines, which are to be started.
  std::vector<config::engine_spec> add(const config::engine_spec& group);

  // Lets a known engine leave, or gives the one that leaves another successor. Returns true where
  // it is to be drained: it did not leave before.
  bool retire(const std::string& name, time_point deadline,
              std::optional<config::engine_spec> successor = {});

  // Returns true where the engine leaves and is to be stopped now; false where that is under way.
  bool stop(const std::string& name);

  // The engine could not be stopped: `stop` may be tried again.
  void keep_on(const std::string& name);

  // The engine has gone; returns its successor, which has its name now and is to be started.
  std::optional<config::engine_spec> remove(const std::string& name);

  // Makes the table what a file says that was compared with `intended`.
  table_steps apply(const config::topology_change& change, time_point deadline);

 private:
  std::size_t engines_max_;
  std::map<std::string, config::engine_spec> engines_;
  std::map<std::string, departure> departures_;  // each names an engine
};

}  // namespace troupe::apps
