// Carries out a run against one endpoint: asks run_core what to send, sends it, tells it what came.
//
// Thread: the loop's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "apps/bench/request_body.hpp"
#include "apps/bench/run_core.hpp"
#include "apps/bench/run_loop.hpp"
#include "transport/http/client.hpp"

namespace troupe::apps::bench {

struct endpoint_run_options {
  target where;
  body_options body;
  run_limits limits;
  std::chrono::milliseconds timeout{300'000};
  transport::http::fields fields;
  std::string session_header;  // empty: none
  std::string session_prefix;  // of its values
};

class endpoint_run {
 public:
  endpoint_run(run_loop& loop, transport::http::client& client, endpoint_run_options options,
               std::unique_ptr<workload> what);
  ~endpoint_run();

  // Begins; returns at once.
  void begin();

  // Sends no more and leaves all that is under way.
  void interrupt();

  bool is_finished() const { return core_.is_finished(); }
  run_progress progress() const { return core_.progress(); }
  double elapsed_s() const;

  // Moves out what was found.
  run_result take_result() { return core_.take_result(); }

 private:
  class shot;

  std::chrono::nanoseconds elapsed() const;
  void send_due();
  void send(const planned_request& asked);
  transport::http::request head_of(const planned_request& asked) const;
  void landed(std::uint64_t id, const answer_end& end);

  transport::http::client& client_;
  endpoint_run_options options_;
  run_core core_;
  std::unique_ptr<run_loop::alarm> alarm_;
  time_point began_;
  std::unordered_map<std::uint64_t, std::unique_ptr<shot>> shots_;
};

}  // namespace troupe::apps::bench
