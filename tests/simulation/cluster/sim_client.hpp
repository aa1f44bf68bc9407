// A client of a simulated node: asks its endpoint for one completion after the other, and looks
// whether each answer is what it may rely on.
//
// An answer ends whole (all tokens the engine counts, a finish reason, the stream's last event) or
// with a typed error; never in silence (C4). Nobody is told that there is no such model once there
// was: its engines may be away, but none is removed.
//
// Thread: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "actors/stream/stream_context.hpp"
#include "tests/simulation/cluster/model_answer.hpp"
#include "tests/simulation/cluster/request_book.hpp"
#include "transport/http/server.hpp"

namespace troupe::simulation {

class sim_client final : public transport::http::connection {
 public:
  // By reference, to outlive it. `number` is unique in the cluster.
  struct parts {
    caf::actor_system& system;
    actors::stream_context& context;
    request_book& book;
    std::function<bool()> knows_model;  // its router, for sure
  };
  sim_client(parts p, std::uint64_t number, std::uint64_t first_request);

  // Asks, unless it waits for an answer; true where it did. Whole: not as a stream of events.
  bool ask(bool whole);

  // It leaves in the middle of an answer; the next request comes on a new connection.
  void leave() { hang_up(request_book::left_word); }

  // Its node closes the connection in the middle of an answer.
  void cut_off() { hang_up("cut off"); }

  bool waits() const { return waits_; }

  // Its node has ended: nothing that comes counts.
  void node_died() { died_ = true; }

  // The answer to that request takes longer than the endpoint allows.
  void overdue(std::uint64_t request);

  request_key key() const { return {number_, request_}; }
  std::weak_ptr<transport::http::session> session() const { return session_; }

  void send(transport::http::response_head head, std::string body) override;
  void start(transport::http::response_head head) override;
  void write(std::string_view bytes) override;
  void finish() override;
  std::size_t queued_bytes() const override { return 0; }
  void abort() override;
  std::string peer() const override { return "client"; }

 private:
  void hang_up(const std::string& how);
  void take(std::string_view bytes);
  void ended(const std::string& how);

  parts parts_;
  std::uint64_t number_;
  std::uint64_t request_;
  bool waits_ = false, died_ = false;
  answer_facts seen_;
  std::shared_ptr<transport::http::session> session_;
};

}  // namespace troupe::simulation
