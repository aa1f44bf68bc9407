// The io thread's side of the engine: hands requests over, gets each step's tokens by one post.
//
// Thread: the one that runs the io_context; only the engine thread's reports come from elsewhere.
// Bounds: those of the engine's queue; a request over them is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "engine/embedded/serve/engine_core.hpp"
#include "engine/embedded/serve/engine_metrics.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe::engine {

// Receives what a request brings. The call with `finish` or `refused` set is the last.
class output_handler {
 public:
  virtual ~output_handler() = default;

  // Takes one token, or the refusal.
  virtual void on_output(const request_output& output) = 0;
};

class engine_client {
 public:
  // Context, executor and metrics must outlive the client; the context must not run any more when
  // the client goes.
  engine_client(boost::asio::io_context& context, scheduler_config config, step_executor& executor,
                engine_metrics& metrics);
  ~engine_client();

  // Submits a request; `handler` hears of it later, never during the call, and must live until the
  // last call or `end`.
  request_id submit(generation_request request, output_handler& handler);

  // Ends a request from this side (a stop string was found, the client left): the handler hears
  // nothing more. Harmless for one that has ended.
  void end(request_id id, finish_reason reason);

  // Ends every request with a refusal, drops the prefix cache, gives the KV's memory back and
  // refuses what is submitted until wake_up.
  void sleep();
  void wake_up() { is_sleeping_ = false; }
  bool is_sleeping() const { return is_sleeping_; }

  // Drops the cached blocks no running request uses.
  void reset_prefix_cache() { core_.reset_prefix_cache(); }

  // Requests that have not ended.
  std::size_t in_flight() const { return open_.size(); }

  // State as of the last step; requests handed over since count as waiting.
  scheduler_stats stats() const;

 private:
  struct entry {
    output_handler* handler;
    request_output last;
  };

  void deliver(const step_report& report);
  void refuse_later(request_id id, caf::error reason);
  bool is_for_lack_of_room(const request_output& output) const;

  boost::asio::io_context& context_;
  engine_metrics& metrics_;
  std::unordered_map<request_id, entry> open_;
  request_id next_id_ = 1;
  scheduler_stats stats_;
  bool is_sleeping_ = false;
  engine_core core_;
};

}  // namespace troupe::engine
