// The client-facing side of one I/O thread: its server, its upstream client, its streams.
//
// Thread: made, used and destroyed on that thread (run_on); connections() from any.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "actors/stream/stream.hpp"
#include "actors/stream/stream_context.hpp"
#include "apps/node_security.hpp"
#include "runtime/io_scheduler.hpp"
#include "transport/http/client.hpp"
#include "transport/http/server.hpp"

namespace troupe::apps {

// Runs a function on an I/O thread and waits for its result.
void run_on(io_thread& thread, const std::function<void()>& fn);

class node_front {
 public:
  struct shared {
    const config::node_spec& spec;
    registry& names;
    actors::stream_metrics& metrics;
    actors::hash_seed seed;
    std::function<std::string()> metrics_page;
    std::function<std::string_view()> ending;  // as of stream_context
    const node_security& security;
  };

  node_front(caf::actor_system& system, io_thread& home, const shared& from);

  transport::http::client& client() { return client_; }
  transport::http::server& server() { return server_; }

  // Takes over what of the configuration may change: new requests go by it.
  void apply(const config::node_spec& spec);

  // Ends all requests under way with an error.
  void stop_requests();

 private:
  actors::hash_seed seed_;
  config::node_spec spec_;  // this thread's own: it changes while other threads read theirs
  transport::http::client client_;
  actors::stream_context context_;
  transport::http::server server_;
};

}  // namespace troupe::apps
