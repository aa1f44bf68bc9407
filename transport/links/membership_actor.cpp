#include "transport/links/membership_actor.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <random>
#include <utility>
#include <variant>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include "runtime/errc.hpp"
#include "runtime/log.hpp"

namespace troupe::transport {

struct membership_tick {
  std::uint64_t number = 0;
};

}  // namespace troupe::transport

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::membership_tick)

namespace troupe::transport {

namespace {

std::string_view word(membership_event::kind what) {
  switch (what) {
    case membership_event::kind::up:
      return "up";
    case membership_event::kind::suspect:
      return "a suspect";
    case membership_event::kind::alive:
      return "alive after all";
    case membership_event::kind::down:
      return "down";
    case membership_event::kind::left:
      return "gone, as it said";
    case membership_event::kind::leaving:
      return "about to leave";
    case membership_event::kind::fenced:
      break;
  }
  return "held for dead by the others";
}

class membership_state {
 public:
  static inline const char* name = "membership";

  void begin(caf::event_based_actor* self, std::shared_ptr<links> carrier,
             const membership_setup& setup) {
    self_ = self;
    carrier_ = std::move(carrier);
    core_.emplace(carrier_->self(), std::mt19937_64{setup.random}, setup.options, setup.parts);
  }

  void join(const join_cluster& with) { carry_out(core_->join(with.seeds, now())); }

  void announce() { carry_out(core_->announce_leave(now())); }

  void leave() { carry_out(core_->leave(now())); }

  void take_letter(std::string_view bytes) {
    const auto read = decode_member_message(bytes);
    if (const auto* message = std::get_if<member_message>(&read)) {
      carry_out(core_->receive(*message, now()));
    } else if (std::has_single_bit(++unread_)) {  // not a line for each of a million
      log::warn("a letter of another node cannot be read",
                {{"of so far", unread_}, {"why", std::get<member_decode_error>(read).text}});
    }
  }

  void take_sign(const link_sign& sign) {
    switch (sign.what) {
      case link_sign_kind::heard:
        return carry_out(core_->heartbeat(sign.node, now()));
      case link_sign_kind::connected:
        return carry_out(core_->connected(sign.node, now()));
      case link_sign_kind::disconnected:
        return carry_out(core_->connection_lost(sign.node, now()));
    }
  }

  void tick(std::uint64_t number) {
    if (number != timer_) return;
    armed_ = time_point::max();
    carry_out(core_->tick(now()));
  }

  void follow(const caf::actor& who) {
    followers_.push_back(who);
    self_->monitor(who);
    for (const auto& record : core_->records()) {
      if (ended(record.state) || record.node.id == carrier_->self().id) continue;
      self_->send(who, node_change{membership_event::kind::up, record.node});
      if (!record.leaving) continue;
      self_->send(who, node_change{membership_event::kind::leaving, record.node});
    }
  }

  void forget(const caf::actor_addr& who) {
    std::erase_if(followers_, [&](const caf::actor& each) { return each.address() == who; });
  }

  member_status members() const { return {core_->records()}; }

 private:
  time_point now() const { return self_->clock().now(); }

  void carry_out(membership::actions todo) {
    for (const auto& letter : todo.letters) {
      carrier_->send_letter(letter.endpoint, encode(letter.message));
    }
    for (const auto& event : todo.events) tell(event);
    arm();
  }

  // A tick that comes too early does no harm, so only an earlier deadline needs another.
  void arm() {
    const auto deadline = core_->next_deadline();
    if (core_->fenced() || deadline >= armed_) return;
    armed_ = deadline;
    self_->scheduled_send(self_, std::max(deadline, now()), membership_tick{++timer_});
  }

  void tell(const membership_event& event) {
    const auto& node = event.node;
    log::info("a node is " + std::string{word(event.what)},
              {{"node", node.id.name}, {"endpoint", node.endpoint}});
    if (event.what == membership_event::kind::up) carrier_->reach(node);
    if (event.what == membership_event::kind::down || event.what == membership_event::kind::left) {
      carrier_->end(node.id,
                    make_failure(errc::connection_lost, "it is " + std::string{word(event.what)}));
    }
    for (const auto& each : followers_) self_->send(each, node_change{event.what, node});
  }

  caf::event_based_actor* self_ = nullptr;
  std::shared_ptr<links> carrier_;
  std::optional<membership> core_;
  std::vector<caf::actor> followers_;
  std::uint64_t unread_ = 0;
  std::uint64_t timer_ = 0;  // the tick that counts; older ones are passed over
  time_point armed_ = time_point::max();
};

caf::behavior membership_behavior(caf::stateful_actor<membership_state>* self,
                                  const std::shared_ptr<links>& carrier,
                                  const membership_setup& setup) {
  auto* state = &self->state;
  state->begin(self, carrier, setup);
  self->set_down_handler([state](const caf::down_msg& down) { state->forget(down.source); });
  return {
      [state](const join_cluster& with) { state->join(with); },
      [state](announce_leave) { state->announce(); },
      [state](leave_cluster) { state->leave(); },
      [state](const letter_came& letter) { state->take_letter(letter.bytes); },
      [state](const link_sign& sign) { state->take_sign(sign); },
      [state](membership_tick tick) { state->tick(tick.number); },
      [state](const follow_nodes& with) { state->follow(with.who); },
      [state](get_members) { return state->members(); },
  };
}

}  // namespace

caf::actor spawn_membership(caf::actor_system& system, std::shared_ptr<links> carrier,
                            const membership_setup& setup) {
  return system.spawn(membership_behavior, std::move(carrier), setup);
}

}  // namespace troupe::transport
