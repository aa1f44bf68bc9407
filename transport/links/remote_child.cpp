#include "transport/links/remote_child.hpp"

#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include "runtime/ask.hpp"
#include "transport/links/node_messages.hpp"

namespace troupe::transport {

struct start_is_overdue {};

}  // namespace troupe::transport

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::start_is_overdue)

namespace troupe::transport {

namespace {

// Starts the child, and then keeps it from outliving its supervisor and this node.
class keeper_state {
 public:
  static inline const char* name = "remote_child";

  void begin(caf::event_based_actor* self, const remote_child_options& options,
             const caf::actor& supervisor) {
    self_ = self;
    supervisor_ = supervisor;
    self_->monitor(supervisor_);
    auto server = options.server();
    if (!server) return give_up(server.error());
    self_->delayed_send(self_, options.start_within, start_is_overdue{});
    is_asking_ = true;
    ask(
        self_, caf::actor_cast<caf::actor>(*server), remote_child_options::late_max,
        spawn_actor{options.kind, options.arguments},
        [this](const caf::strong_actor_ptr& made) { came(made); },
        [this](const caf::error& error) { failed(error); });
  }

  void overdue() {
    if (is_asking_) give_up(make_failure(errc::timeout, "its node has not started it in time"));
  }

  // Before the child is there the supervisor is answered; after, it is what ends the child.
  void told_to_end(const caf::exit_msg& told) {
    if (is_asking_) return give_up(make_failure(errc::cancelled, "its supervisor ends"));
    self_->quit(told.reason);
  }

  void supervisor_ended() {
    supervisor_ = nullptr;
    if (is_asking_) return;
    if (child_) self_->send_exit(child_, caf::exit_reason::kill);
    self_->quit();
  }

 private:
  // An answer that comes after the supervisor has given up is nobody's child.
  void came(const caf::strong_actor_ptr& made) {
    is_asking_ = false;
    child_ = caf::actor_cast<caf::actor>(made);
    if (!child_) return failed(make_failure(errc::invalid_request, "it is null"));
    if (has_answered_ || !supervisor_) {
      self_->send_exit(child_, caf::exit_reason::kill);
      return self_->quit();
    }
    self_->link_to(child_);
    answer({child_, {}});
  }

  void failed(const caf::error& error) {
    is_asking_ = false;
    give_up(error);
  }

  void give_up(const caf::error& why) {
    answer({{}, why});
    if (!is_asking_) self_->quit();
  }

  void answer(child_started with) {
    if (std::exchange(has_answered_, true) || !supervisor_) return;
    self_->send(supervisor_, std::move(with));
  }

  caf::event_based_actor* self_ = nullptr;
  caf::actor supervisor_, child_;
  bool is_asking_ = false;
  bool has_answered_ = false;
};

caf::behavior keeper(caf::stateful_actor<keeper_state>* self, const remote_child_options& options,
                     const caf::actor& supervisor) {
  auto* state = &self->state;
  self->set_exit_handler([state](const caf::exit_msg& told) { state->told_to_end(told); });
  self->set_down_handler([state](const caf::down_msg&) { state->supervisor_ended(); });
  state->begin(self, options, supervisor);
  return {[state](start_is_overdue) { state->overdue(); }};
}

}  // namespace

child_spec remote_child(std::string name, remote_child_options options) {
  child_spec child;
  child.name = std::move(name);
  child.start_later = [options = std::move(options)](caf::actor_system& system,
                                                     const caf::actor& supervisor) {
    return system.spawn(keeper, options, supervisor);
  };
  return child;
}

}  // namespace troupe::transport
