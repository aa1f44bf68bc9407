#include "engine/embedded/serve/engine_app.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/embedded/serve/engine_service.hpp"
#include "runtime/log.hpp"

namespace troupe::engine {

namespace {

// Tells whoever started this process that requests are taken, and where.
void announce(std::uint16_t port) {
  const char* text = std::getenv("TROUPE_READY_FD");
  if (text == nullptr) return;
  const std::string_view digits{text};
  int descriptor = -1;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), descriptor);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size() || descriptor < 0) {
    log::warn("TROUPE_READY_FD is no file descriptor", {{"value", digits}});
    return;
  }
  const auto line = "ready " + std::to_string(port) + "\n";
  if (::write(descriptor, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    log::warn("could not write to TROUPE_READY_FD", {{"value", digits}});
  }
  ::close(descriptor);
}

// First signal: drain, for drain_timeout at most. Second signal: exit at once.
class stopper {
 public:
  stopper(boost::asio::io_context& context, engine_service& service,
          std::chrono::milliseconds drain_timeout)
      : context_{context},
        service_{service},
        drain_timeout_{drain_timeout},
        signals_{context, SIGTERM, SIGINT},
        timer_{context} {
    wait();
  }

 private:
  void wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      if (is_draining_) std::_Exit(1);
      is_draining_ = true;
      wait();
      drain();
    });
  }

  void drain() {
    log::info("stopping", {{"requests", service_.in_flight()}});
    service_.drain([this] { context_.stop(); });
    timer_.expires_after(drain_timeout_);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      log::warn("requests are cut off", {{"requests", service_.in_flight()}});
      service_.abort();
    });
  }

  boost::asio::io_context& context_;
  engine_service& service_;
  std::chrono::milliseconds drain_timeout_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  bool is_draining_ = false;
};

int fail(const caf::error& error) {
  log::error("the engine cannot start: " + failure_text(error));
  return 1;
}

}  // namespace

int run_engine(const engine_options& options) {
  auto level = log::level::info;
  if (!log::parse_level(options.log.level, level)) {
    return fail(make_failure(errc::invalid_config, "log level: " + options.log.level));
  }
  log::configure(level, options.log.format == config::log_format::json, {});
  std::signal(SIGPIPE, SIG_IGN);
  boost::asio::io_context context{1};
  auto service = engine_service::make(context, options);
  if (!service) return fail(service.error());
  const auto port = (*service)->listen();
  if (!port) return fail(port.error());
  log::info("engine ready", {{"url", "http://" + options.host + ":" + std::to_string(*port)},
                             {"model", (*service)->model_name()},
                             {"context_tokens", (*service)->context_tokens_max()},
                             {"kv_blocks", (*service)->kv_blocks()},
                             {"threads", options.threads}});
  stopper on_signal{context, **service, options.drain_timeout};
  announce(*port);
  context.run();
  log::info("engine stopped");
  return 0;
}

}  // namespace troupe::engine
