#include <future>

#include <unistd.h>
#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>

#include "bench/messages/bench_node.hpp"
#include "bench/messages/contestant.hpp"
#include "bench/messages/load_actors.hpp"
#include "transport/links/node_messages.hpp"

namespace troupe::bench {

namespace {

class over_links final : public contestant {
 public:
  over_links(bool as_bytes, const cluster_key_ptr& key) : as_bytes_{as_bytes} {
    if (key) key_ = *key;
  }

  std::string name() const override {
    return std::string{"troupe"} + (as_bytes_ ? " blobs" : "") + (key_ ? " curve" : "");
  }
  std::string compared_with() const override {
    return key_ ? as_bytes_ ? "troupe blobs" : "troupe" : "";
  }

  void serve(const std::function<void(std::uint16_t)>& listening) override {
    bench_node node{"server", key_};
    node.names.put("load", node.system.spawn(load_server));
    listening(node.port());
    while (true) pause();
  }

  void drive(std::uint16_t port, const message_load& load,
             const std::function<void(double)>& measured) override {
    bench_node node{"client", key_};
    const auto there = node.server_at(port);
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
  std::optional<transport::zmq::cluster_key> key_;
};

}  // namespace

std::unique_ptr<contestant> make_remote_actors(bool as_bytes, const cluster_key_ptr& key) {
  return std::make_unique<over_links>(as_bytes, key);
}

}  // namespace troupe::bench
