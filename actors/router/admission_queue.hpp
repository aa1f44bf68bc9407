// The order in which requests wait in the router while every engine that could take them is full.
//
// Lower priority numbers go first. Within one priority flows (API keys, or sessions) share the way
// out fairly, by the tokens they ask for (fair_flows.hpp). Each model has an order of its own,
// since what holds one model's requests need not hold another's.
//
// Thread: confined. Time comes in. Bounds: requests_max and bytes_max over all models; at the bound
// a newcomer that goes before the last in line displaces it, or is turned away: whoever fills the
// queue gives way to the more important, and to who has less waiting than he. What has waited until
// its deadline leaves by expire(). Within a priority nothing starves; across priorities the lesser
// one waits, until its deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "actors/router/fair_flows.hpp"
#include "config/limits.hpp"
#include "runtime/clock.hpp"

namespace troupe::actors {

// Names one waiting request; chosen by the caller, never used twice.
enum class ticket : std::uint64_t {};

struct queued_request {
  std::string model{};
  std::string flow{};  // whom it is for; requests of one flow wait for each other
  std::int32_t priority = 0;
  double tokens = 1;  // what it asks for, in the currency of fairness
  std::size_t bytes = 0;
  time_point deadline{};
};

// What became of a request that was offered to an engine.
enum class offer : std::uint8_t {
  taken,  // it leaves the queue
  held,   // no engine has room: nor would it for those behind
  passed  // no engine has room for this one; those behind may be luckier
};

class admission_queue {
 public:
  explicit admission_queue(const config::admission_limits& limits) : limits_{limits} {}

  // Takes a request in. Returns the ticket that had to leave for it: the last in line, where this
  // goes before that, or its own, where there is no room for it.
  std::optional<ticket> add(ticket id, queued_request entry);

  // Offers the requests of a model in their order until one is held.
  void offer_each(const std::string& model, time_point now, const std::function<offer(ticket)>& to);

  // Takes a request out; false where it is not in.
  bool remove(ticket id);

  // Takes out what has reached its deadline.
  std::vector<ticket> expire(time_point now);

  // Replaces the bounds; what waits stays.
  void set_limits(const config::admission_limits& limits) { limits_ = limits; }

  // Returns in how many seconds a newcomer of today's length of queue would have had its turn, by
  // the rate of the last half minute: 1 to 60.
  std::uint32_t retry_after_s(time_point now) const;

  // True where a request of this model waits.
  bool waits_for(const std::string& model) const { return lines_.contains(model); }

  // The models that have requests waiting.
  std::vector<std::string> models() const;

  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return entries_.empty(); }

 private:
  // Priority, tag, ticket.
  using place = std::tuple<std::int32_t, double, ticket>;
  // The same with tokens until its turn for the tag, which is comparable from model to model.
  using standing = std::tuple<std::int32_t, double, ticket>;
  struct entry {
    queued_request request;
    place at;
  };
  struct line {
    std::set<place> order;
    std::map<std::int32_t, fair_flows> flows;  // by priority, those with requests only
  };

  std::optional<standing> last_in_line() const;
  standing standing_of(ticket id, const queued_request& request) const;
  bool makes_room(const standing& last, const standing& newcomer, std::size_t bytes) const;
  void displace(ticket id);
  bool fits(std::size_t requests, std::size_t bytes) const;
  void take(ticket id);
  void note_departure(time_point now);

  config::admission_limits limits_;
  std::unordered_map<ticket, entry> entries_;
  std::map<std::string, line, std::less<>> lines_;  // by model, those with requests only
  std::set<std::pair<time_point, ticket>> deadlines_;
  std::size_t bytes_ = 0;
  double departures_ = 0;  // of late, decayed to departed_at_
  std::optional<time_point> departed_at_;
};

}  // namespace troupe::actors
