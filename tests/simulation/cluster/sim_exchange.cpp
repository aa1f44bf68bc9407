#include "tests/simulation/cluster/sim_exchange.hpp"

#include <algorithm>
#include <utility>

namespace troupe::simulation {

namespace {

constexpr std::chrono::milliseconds patience{500};  // without a byte

}  // namespace

sim_exchange::sim_exchange(sim_network& network, request_book& book, std::uint64_t number,
                           client who)
    : network_{network}, book_{book}, number_{number}, who_{std::move(who)} {}

void sim_exchange::begin(std::function<void()> closed) {
  closed_ = std::move(closed);
  last_byte_ = network_.world.events.now();
  book_.attempt_began(key(), number_);
  watch(patience);
}

void sim_exchange::cancel() {
  close();
}

void sim_exchange::close() {
  if (std::exchange(over_, true)) return;
  book_.attempt_over(key(), number_);
  if (closed_) closed_();
}

void sim_exchange::watch(duration after) {
  network_.world.events.at(after, [self = shared_from_this()] {
    if (self->over_) return;
    const auto silent = self->network_.world.events.now() - self->last_byte_;
    if (silent < patience) return self->watch(patience - silent);
    self->deliver({answer_step::kind::failed, {}, errc::timeout});
  });
}

void sim_exchange::send(const std::string& from, answer_step step) {
  auto& events = network_.world.events;
  last_arrival_ = std::max(last_arrival_, events.now() + network_.delay(from, client_node()));
  events.at(last_arrival_ - events.now(),
            [self = shared_from_this(), step = std::move(step)] { self->deliver(step); });
}

void sim_exchange::fail_in(std::chrono::milliseconds after, errc code) {
  network_.world.events.at(after, [self = shared_from_this(), code] {
    self->deliver({answer_step::kind::failed, {}, code});
  });
}

void sim_exchange::deliver(answer_step step) {
  network_.run_on(client_node(),
                  [self = shared_from_this(), step = std::move(step)] { self->arrive(step); });
}

// A mutation lets bytes of what is over pass, as if nothing kept an ended attempt from its client.
bool sim_exchange::may_speak(const answer_step& step) const {
  if (!over_) return true;
  return network_.zombies_speak && step.what == answer_step::kind::body &&
         !who_.session.expired() && book_.has_attempt(key());
}

void sim_exchange::arrive(const answer_step& step) {
  if (!may_speak(step)) return;
  last_byte_ = network_.world.events.now();
  network_.world.note("exchange " + std::to_string(number_) + " gets " + step.text);
  const bool is_last =
      step.what == answer_step::kind::end || step.what == answer_step::kind::failed;
  if (is_last) close();
  tell(step);
}

void sim_exchange::tell(const answer_step& step) {
  transport::http::response_head head;
  switch (step.what) {
    case answer_step::kind::head:
      head.fields.add("Content-Type", step.text);
      return who_.handler->on_head(std::move(head));
    case answer_step::kind::body:
      return who_.handler->on_body(step.text);
    case answer_step::kind::end:
      return who_.handler->on_end();
    case answer_step::kind::failed:
      return who_.handler->on_error(step.code, to_string(step.code));
  }
}

}  // namespace troupe::simulation
