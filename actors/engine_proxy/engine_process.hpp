// The engine_process actor: owns the OS process of an embedded engine and tells its proxy the
// address.
//
// | message                     | reply | what it changes                                        |
// | get_engine_address          | -     | nothing; tells the proxy published under its name      |
// | exit (user_shutdown)        | -     | asks the process to end, then ends itself              |
//
// Ends with process_died when the process does: its supervisor starts both again.
//
// Thread: pinned to the I/O thread that watches the process.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "actors/messages.hpp"
#include "runtime/child_process.hpp"
#include "runtime/pinned_actor.hpp"
#include "runtime/registry.hpp"

namespace troupe::actors {

struct engine_process_options {
  std::string engine;
  child_process_spec command;
  std::chrono::milliseconds stop_grace{30'000};
  registry* names = nullptr;
  std::string host = "127.0.0.1";  // where streams, maybe of other nodes, reach what listens
};

class engine_process final : public pinned<engine_process_actor::base> {
 public:
  engine_process(caf::actor_config& cfg, io_thread* home, engine_process_options options);

  void on_exit() override;
  const char* name() const override { return "engine_process"; }

 protected:
  behavior_type make_behavior() override;

 private:
  void start();
  void tell_proxy();
  void take_exit(const exit_status& status);

  engine_process_options options_;
  std::unique_ptr<child_process> child_;
  std::uint16_t port_ = 0;  // 0: not listening
  bool stopping_ = false;
};

}  // namespace troupe::actors
