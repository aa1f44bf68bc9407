// A whole engine with its real arithmetic, served on a loopback port from a thread of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "engine/embedded/serve/engine_service.hpp"
#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine::test {

class running_engine {
 public:
  explicit running_engine(const engine_options& options) {
    auto made = engine_service::make(context_, options);
    TROUPE_ASSERT(made);
    service_ = std::move(*made);
    port_ = *service_->listen();
    thread_ = std::thread{[this] { context_.run(); }};
  }
  ~running_engine() {
    boost::asio::post(context_, [this] {
      service_->abort();
      service_->drain([this] { context_.stop(); });
    });
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  boost::asio::io_context& context() { return context_; }
  engine_service& service() { return *service_; }

 private:
  boost::asio::io_context context_{1};
  std::unique_ptr<engine_service> service_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace troupe::engine::test
