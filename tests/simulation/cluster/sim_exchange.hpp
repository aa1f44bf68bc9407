// One HTTP exchange of a stream with a modelled engine: what transport/http's client promises,
// without sockets.
//
// Bytes arrive in order, later while the way is cut or the client's node is paused. Its client's
// patience ends one of which nothing comes any more. None of its ends is told twice, and nothing
// comes after it, whatever its engine still sends.
//
// Thread: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tests/simulation/cluster/request_book.hpp"
#include "tests/simulation/cluster/sim_network.hpp"
#include "transport/http/client.hpp"
#include "transport/http/server.hpp"

namespace troupe::simulation {

// What comes of an exchange.
struct answer_step {
  enum class kind : std::uint8_t { head, body, end, failed };
  kind what = kind::failed;
  std::string text{};                 // of a head its content type
  errc code = errc::connection_lost;  // with `failed`
};

class sim_exchange final : public transport::http::exchange,
                           public std::enable_shared_from_this<sim_exchange> {
 public:
  struct client {
    request_key key;
    std::string node;
    std::weak_ptr<transport::http::session> session;
    transport::http::exchange_handler* handler = nullptr;
  };

  // The first two by reference, to outlive it; `number` is unique in the cluster.
  sim_exchange(sim_network& network, request_book& book, std::uint64_t number, client who);

  // The client waits from now on. `closed` is told to the engine when the client is over with it.
  void begin(std::function<void()> closed);

  void cancel() override;
  void pause() override {}  // clients take all that comes
  void resume() override {}

  std::uint64_t number() const { return number_; }
  const request_key& key() const { return who_.key; }
  bool is_over() const { return over_; }  // for its client
  const std::string& client_node() const { return who_.node; }

  // ---- the engine's side ----

  // Sends a step from the engine's node.
  void send(const std::string& from, answer_step step);

  // No connection comes about.
  void fail_in(std::chrono::milliseconds after, errc code);

 private:
  void arrive(const answer_step& step);
  void deliver(answer_step step);
  void tell(const answer_step& step);
  void watch(duration after);
  void close();
  bool may_speak(const answer_step& step) const;

  sim_network& network_;
  request_book& book_;
  std::uint64_t number_;
  client who_;
  std::function<void()> closed_;
  bool over_ = false;
  time_point last_arrival_{}, last_byte_{};
};

}  // namespace troupe::simulation
