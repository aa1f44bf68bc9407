// Records over our links without actors: what is left for these to cost.
//
// A record is laid out as raw_zmq's frames are.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>

#include <unistd.h>

#include "bench/messages/contestant.hpp"
#include "runtime/errc.hpp"
#include "transport/zmq/node_links.hpp"

namespace troupe::bench {

namespace {

using transport::lane;
using transport::peer_link_ptr;
using transport::zmq::node_links;

constexpr std::uint32_t echo = 0xffff'ffff;

std::uint32_t number_of(std::string_view record) {
  std::uint32_t number = 0;
  std::memcpy(&number, record.data(), sizeof(number));
  return number;
}

// Listens to nothing but records.
class record_listener : public transport::link_listener {
 public:
  void linked(const peer_link_ptr&) override {}
  void gap(const peer_link_ptr&, lane) override { lost("records"); }
  void ended(const peer_link_ptr&, const caf::error& why) override {
    lost(failure_text(why).c_str());
  }
  void heard(const peer_link_ptr&) override {}
  void connected(const peer_link_ptr&) override {}
  void disconnected(const peer_link_ptr&) override {}
  void letter(std::string_view) override {}

 private:
  static void lost(const char* what) {
    std::fprintf(stderr, "links: lost %s\n", what);
    std::exit(1);
  }
};

class record_server final : public record_listener {
 public:
  void received(const peer_link_ptr& peer, lane where, std::string_view record,
                std::span<const shared_bytes>) override {
    const auto number = number_of(record);
    if (number == 0) peer->send(where, "a");
    if (number == echo) peer->send(where, record);
  }
};

class record_client final : public record_listener {
 public:
  // Begins a load on the links' thread.
  void start(peer_link_ptr to, const message_load& load, std::function<void(double)> measured) {
    to_ = std::move(to);
    load_ = load;
    measured_ = std::move(measured);
    record_.assign(sizeof(std::uint32_t) + load.payload_bytes, 'x');
    clock_ = {};
    open_ = load.one_way() ? message_load::window_batches : load.in_flight;
    for (auto i = open_; i > 0; --i) send();
  }

  void received(const peer_link_ptr&, lane, std::string_view,
                std::span<const shared_bytes>) override {
    if (clock_.done(load_.one_way() ? load_.batch() : 1)) return send();
    if (--open_ == 0) measured_(clock_.rate());
  }

 private:
  void send() {
    if (!load_.one_way()) return send(echo);
    for (auto left = static_cast<std::uint32_t>(load_.batch()); left > 0; --left) send(left - 1);
  }

  void send(std::uint32_t number) {
    std::memcpy(record_.data(), &number, sizeof(number));
    to_->send(lane::data, record_);
  }

  peer_link_ptr to_;
  message_load load_;
  std::function<void(double)> measured_;
  std::string record_;
  load_clock clock_;
  std::uint64_t open_ = 0;
};

std::unique_ptr<node_links> opened(io_thread& home, std::string name,
                                   transport::link_listener& listener) {
  auto links =
      node_links::open(home, {{std::move(name), 1}, "tcp://127.0.0.1:0", {}, {}}, {}, listener);
  if (links) return std::move(*links);
  std::fprintf(stderr, "links: %s\n", failure_text(links.error()).c_str());
  std::exit(1);
}

class links_only final : public contestant {
 public:
  std::string name() const override { return "links"; }

  void serve(const std::function<void(std::uint16_t)>& listening) override {
    io_thread thread;
    record_server server;
    const auto links = opened(thread, "server", server);
    thread.start();
    const auto& endpoint = links->self().endpoint;
    listening(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
    while (true) pause();
  }

  void drive(std::uint16_t port, const message_load& load,
             const std::function<void(double)>& measured) override {
    io_thread thread;
    record_client client;
    const auto links = opened(thread, "client", client);
    thread.start();
    const auto server =
        links->reach({{"server", 1}, "tcp://127.0.0.1:" + std::to_string(port), {}, {}});
    std::promise<double> rate;
    thread.post([&] {
      client.start(server, load, [&rate](double per_second) { rate.set_value(per_second); });
    });
    measured(rate.get_future().get());
    _exit(0);
  }
};

}  // namespace

std::unique_ptr<contestant> make_links_only() {
  return std::make_unique<links_only>();
}

}  // namespace troupe::bench
