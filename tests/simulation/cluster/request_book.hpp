// What became of every request of a simulated cluster, and what must hold of each.
//
// - It ends, once, and before its deadline; unless its own node is killed or stands still.
// - A lease is granted with the epoch that was asked for.
// - Only the lease of its latest attempt is used, and only while it goes on (C1).
// - What it asked a router is answered: with a lease or an error, never by its own timer (C4).
//
// Thread: one.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runtime/clock.hpp"
#include "runtime/errc.hpp"
#include "tests/simulation/cluster/sim_world.hpp"

namespace troupe::simulation {

// Names a request: the stream's number, unique in the cluster, and the request's of that stream.
struct request_key {
  std::uint64_t stream = 0;
  std::uint64_t number = 0;

  auto operator<=>(const request_key&) const = default;
};

class request_book {
 public:
  explicit request_book(sim_world& world) : world_{world} {}

  void began(const request_key& key, time_point deadline);
  void asked(const request_key& key, std::uint32_t epoch);
  void granted(const request_key& key, std::uint32_t epoch_asked, std::uint32_t epoch_granted);
  void used(const request_key& key, std::uint32_t epoch);
  void ask_failed(const request_key& key, errc code);
  void ended(const request_key& key, const std::string& how);

  // Its node is gone, so nobody waits for it.
  void forgotten(std::uint64_t stream);

  // Its node stands still and may be late.
  void excused(std::uint64_t stream);

  // Looks whether a request has missed its deadline.
  void check();

  std::uint64_t begun() const { return begun_; }
  std::uint64_t completed() const { return completed_; }
  std::uint64_t routes_max() const { return routes_max_; }  // of one request
  std::size_t open() const { return open_.size(); }

 private:
  struct entry {
    time_point deadline;
    std::uint32_t epoch = 0;  // asked for last
    std::uint32_t used = 0;   // of the last lease used
    std::uint64_t routes = 0;
    bool is_excused = false;
  };

  void broken(const request_key& key, const std::string& what);

  sim_world& world_;
  std::map<request_key, entry> open_;
  std::uint64_t begun_ = 0, completed_ = 0, routes_max_ = 0;
};

}  // namespace troupe::simulation
