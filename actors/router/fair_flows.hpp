// Start-time fair queuing: tags that let flows share a queue by what they ask for.
//
// A request's tag is the later of the queue's own time, which is the tag served last, and the end
// of its flow's request before. Whoever serves the least tag first shares fairly: a flow that asks
// for more than others waits behind itself, not before them.
//
// Thread: confined. Bounds: flows that wait, and flows_max that were served of late; beyond that
// the one whose past matters least is forgotten.
// Source: Goyal, Vin, Cheng, "Start-time Fair Queuing" (1996).
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace troupe::actors {

class fair_flows {
 public:
  // Returns the tag that a request of a flow would get now.
  double next_tag(const std::string& flow) const;

  // A request of a flow begins to wait; returns its tag.
  double enter(const std::string& flow, double tokens);

  // A request of a flow waits no more, served or not.
  void leave(const std::string& flow);

  // The last request of a flow, of this tag, loses its place: it is as if it had never come. Call
  // before leave().
  void take_back(const std::string& flow, double tag);

  // A request with this tag is served: time moves on.
  void serve(double tag);

  // True where nobody waits: what is known of the past matters to nobody.
  bool empty() const { return waiting_ == 0; }

  // The tag served last.
  double time() const { return time_; }

  std::size_t flow_count() const { return flows_.size(); }

 private:
  static constexpr std::size_t flows_max = 4'096;

  struct state {
    double finish = 0;  // where its last request ends
    std::size_t waiting = 0;
  };

  void forget_past();

  std::unordered_map<std::string, state> flows_;
  std::set<std::pair<double, std::string>> idle_;  // by finish: flows with nothing waiting
  double time_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace troupe::actors
