#include "bench/messages/load_actors.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>

#include "runtime/shared_bytes.hpp"
#include "transport/links/wire_types.hpp"

namespace troupe::bench {

namespace {

class client {
 public:
  client(caf::event_based_actor* self, load_target target, message_load load,
         std::function<void(double)> measured)
      : self_{self},
        target_{std::move(target)},
        load_{std::move(load)},
        payload_(load_.payload_bytes, 'x'),
        measured_{std::move(measured)} {}

  void start() {
    open_ = load_.one_way() ? message_load::window_batches : load_.in_flight;
    for (auto i = open_; i > 0; --i) send();
  }

  void came_back(std::uint64_t messages) {
    if (clock_.done(messages)) return send();
    if (--open_ > 0) return;
    measured_(clock_.rate());
    self_->quit();
  }

 private:
  void send() {
    if (target_.as_bytes) return send(bytes_);
    send(payload_);
  }

  template <class Payload>
  void send(const Payload& payload) {
    if (!load_.one_way()) return request(payload);
    for (auto left = static_cast<std::uint32_t>(load_.batch()); left > 0; --left) {
      self_->send(target_.server, left - 1, payload);
    }
  }

  template <class Payload>
  void request(const Payload& payload) {
    self_->request(target_.server, target_.request_timeout, payload)
        .then([this](const Payload&) { came_back(1); },
              [this](const caf::error& error) {
                std::fprintf(stderr, "request: %s\n", self_->system().render(error).c_str());
                std::exit(1);
              });
  }

  caf::event_based_actor* self_;
  load_target target_;
  message_load load_;
  std::string payload_;
  shared_bytes bytes_{payload_};
  std::function<void(double)> measured_;
  load_clock clock_;
  std::uint64_t open_ = 0;
};

}  // namespace

caf::behavior load_server(caf::event_based_actor* self) {
  auto taken = std::make_shared<std::uint64_t>(0);
  const auto take = [self, taken](std::uint32_t left) {
    ++*taken;
    if (left != 0) return;
    self->send(caf::actor_cast<caf::actor>(self->current_sender()), std::exchange(*taken, 0));
  };
  return {
      [take](std::uint32_t left, const std::string&) { take(left); },
      [take](std::uint32_t left, const shared_bytes&) { take(left); },
      [](std::string& payload) { return std::move(payload); },
      [](shared_bytes& payload) { return std::move(payload); },
  };
}

caf::behavior load_client(caf::event_based_actor* self, load_target target, message_load load,
                          std::function<void(double)> measured) {
  auto state =
      std::make_shared<client>(self, std::move(target), std::move(load), std::move(measured));
  state->start();
  return {[state](std::uint64_t messages) { state->came_back(messages); }};
}

}  // namespace troupe::bench
