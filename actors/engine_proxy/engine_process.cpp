#include "actors/engine_proxy/engine_process.hpp"

#include <utility>

#include "actors/names.hpp"
#include "runtime/log.hpp"

namespace troupe::actors {

engine_process::engine_process(caf::actor_config& cfg, io_thread* home,
                               engine_process_options options)
    : pinned{cfg, home}, options_{std::move(options)} {}

engine_process::behavior_type engine_process::make_behavior() {
  set_exit_handler([this](caf::exit_msg& message) {
    if (!child_ || child_->pid() == 0) return quit(message.reason);
    stopping_ = true;
    child_->terminate(options_.stop_grace);
  });
  start();
  return {
      [this](get_engine_address) { tell_proxy(); },
  };
}

void engine_process::start() {
  child_process_events events;
  events.on_ready = [this](std::uint16_t port) {
    call([&] {
      port_ = port;
      log::info("engine process listens", {{"engine", options_.engine}, {"port", port}});
      tell_proxy();
    });
  };
  events.on_exit = [this](const exit_status& status) { call([&] { take_exit(status); }); };
  child_ = std::make_unique<child_process>(*home(), options_.command, std::move(events));
  child_->start();
}

void engine_process::tell_proxy() {
  auto proxy = options_.names->find_as<engine_proxy_actor>(proxy_name(options_.engine));
  if (proxy && port_ != 0) send(proxy, engine_address{options_.host, port_});
}

void engine_process::take_exit(const exit_status& status) {
  if (stopping_) {
    log::info("engine process ended", {{"engine", options_.engine}, {"how", status.text}});
    return quit(caf::exit_reason::user_shutdown);
  }
  log::error("engine process died", {{"engine", options_.engine}, {"how", status.text}});
  quit(make_failure(errc::process_died, options_.engine + ": " + status.text));
}

void engine_process::on_exit() {
  port_ = 0;
  auto proxy = options_.names->find_as<engine_proxy_actor>(proxy_name(options_.engine));
  if (proxy) send(proxy, engine_address{});
  // Not from inside its own callback: the child goes when this turn is over.
  home()->post([child = std::shared_ptr<child_process>{std::move(child_)}] {});
}

}  // namespace troupe::actors
