// Where operators call: the listener of the admin API. It outlives the actor behind it, so that a
// restart of that actor loses no port.
//
// A call that comes while there is no actor, or whose actor ends before it answers, is told 503.
//
// Thread: the home thread, but for admin_child() and reload(), which are called from any.
// Bounds: its http_limits; one answer under way per connection.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>

#include <caf/expected.hpp>

#include "apps/node_admin.hpp"
#include "config/topology.hpp"
#include "runtime/io_thread.hpp"
#include "runtime/supervisor_messages.hpp"
#include "transport/http/server.hpp"

namespace troupe::apps {

class admin_front {
 public:
  explicit admin_front(io_thread& home);

  // Returns the child that is the actor behind this front: name `admin/api`, always restarted.
  child_spec admin_child(const admin_options& options);

  // Becomes ready when the actor has started for the first time.
  std::future<void> started();

  // Binds the listener and returns its port. Errors: io_error.
  caf::expected<std::uint16_t> listen(const config::admin_spec& at);

  // Lets the actor read the configuration again.
  void reload();

  // Closes the listener and all connections, and lets go of the actor.
  void close();

 private:
  struct desk;

  io_thread& home_;
  std::shared_ptr<desk> desk_;
  std::optional<transport::http::server> server_;
};

}  // namespace troupe::apps
