#include "transport/links/remote_actors.hpp"

#include <cstdio>
#include <cstdlib>
#include <future>

#include <unistd.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>

#include "bench/messages/contestant.hpp"
#include "bench/messages/load_actors.hpp"
#include "runtime/errc.hpp"
#include "runtime/io_scheduler.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/links/node_messages.hpp"
#include "transport/zmq/node_links.hpp"

namespace troupe::bench {

namespace {

using transport::zmq::node_links;

[[noreturn]] void give_up(const caf::error& why) {
  std::fprintf(stderr, "troupe: %s\n", failure_text(why).c_str());
  std::exit(1);
}

transport::message_catalogue bench_catalogue() {
  transport::message_catalogue kinds;
  kinds.add<>("()");
  kinds.add<caf::error>("error");
  kinds.add<std::string>("payload");
  kinds.add<std::uint32_t, std::string>("number,payload");
  kinds.add<shared_bytes>("bytes");
  kinds.add<std::uint32_t, shared_bytes>("number,bytes");
  kinds.add<std::uint64_t>("count");
  transport::add_node_messages(kinds);
  return kinds;
}

struct io_config : caf::actor_system_config {
  io_config() { load_io_scheduler(*this, 1); }
};

// A node of one thread, on which its links and its actors run.
class bench_node {
 public:
  explicit bench_node(const std::string& name) {
    auto opened = node_links::open(io_scheduler::of(system)->thread(0),
                                   {{name, 1}, "tcp://127.0.0.1:0", {}, {}}, {}, *actors);
    if (!opened) give_up(opened.error());
    links = std::move(*opened);
    actors->attach({std::shared_ptr<void>{}, links.get()});  // not owned
  }

  registry names;
  transport::message_catalogue kinds = bench_catalogue();
  io_config config;
  caf::actor_system system{config};
  std::shared_ptr<transport::remote_actors> actors =
      transport::remote_actors::make({system, kinds, names});
  std::unique_ptr<node_links> links;
};

class over_links final : public contestant {
 public:
  explicit over_links(bool as_bytes) : as_bytes_{as_bytes} {}

  std::string name() const override { return as_bytes_ ? "troupe blobs" : "troupe"; }

  void serve(const std::function<void(std::uint16_t)>& listening) override {
    bench_node node{"server"};
    node.names.put("load", node.system.spawn(load_server));
    const auto& endpoint = node.links->self().endpoint;
    listening(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
    while (true) pause();
  }

  void drive(std::uint16_t port, const message_load& load,
             const std::function<void(double)>& measured) override {
    bench_node node{"client"};
    const auto there = caf::actor_cast<caf::actor>(node.actors->node_server(
        {{"server", 1}, "tcp://127.0.0.1:" + std::to_string(port), {}, {}}));
    std::promise<double> rate;
    caf::actor client;  // that another node knows an actor does not keep it alive
    node.system.spawn([&](caf::event_based_actor* self) {
      const auto begin = [&, self](const caf::strong_actor_ptr& server) {
        client = self->spawn(
            load_client,
            load_target{caf::actor_cast<caf::actor>(server), request_timeout, as_bytes_}, load,
            [&rate](double per_second) { rate.set_value(per_second); });
      };
      self->request(there, request_timeout, transport::get_actor{"load"}).then(begin, give_up);
    });
    measured(rate.get_future().get());
    _exit(0);
  }

 private:
  static inline const caf::duration request_timeout{std::chrono::seconds{10}};
  const bool as_bytes_;
};

}  // namespace

std::unique_ptr<contestant> make_remote_actors(bool as_bytes) {
  return std::make_unique<over_links>(as_bytes);
}

}  // namespace troupe::bench
