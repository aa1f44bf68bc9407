#include "transport/links/remote_actor.hpp"

#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>

#include "transport/links/remote_node.hpp"

namespace troupe::transport {

remote_actor::remote_actor(caf::actor_config& config, std::shared_ptr<remote_node> home)
    : actor_proxy{config}, home_{std::move(home)} {}

remote_actor::~remote_actor() = default;

remote_actor* remote_actor::of(const caf::strong_actor_ptr& actor) {
  if (actor == nullptr || actor->node() == actor->home_system->node()) return nullptr;
  return dynamic_cast<remote_actor*>(actor->get());
}

void remote_actor::on_destroy() {
  home_->forget(id(), ctrl());
  actor_proxy::on_destroy();
}

void remote_actor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* unit) {
  if (getf(is_terminated_flag)) {
    bounce(what);
    return;
  }
  home_->send(id(), *what, unit);
}

void remote_actor::attach(caf::attachable_ptr what) {
  actor_proxy::attach(std::move(what));
  if (!getf(is_terminated_flag)) home_->watch(caf::strong_actor_ptr{ctrl()});
}

std::size_t remote_actor::detach(const caf::attachable::token& what) {
  const auto count = actor_proxy::detach(what);
  const bool alone = exclusive_critical_section([this] { return attachables_head_ == nullptr; });
  if (alone) home_->unwatch(id());
  return count;
}

// The other node attaches the same link to its stand-in of `other`, and so hears of its end, that
// of this whole node included. Hence `false`: `other` need not tell us itself.
bool remote_actor::add_backlink(caf::abstract_actor* other) {
  if (!actor_proxy::add_backlink(other)) return false;
  home_->watch(caf::strong_actor_ptr{ctrl()});
  home_->tell_link(id(), caf::strong_actor_ptr{other->ctrl()}, true);
  return false;
}

bool remote_actor::remove_backlink(caf::abstract_actor* other) {
  if (!actor_proxy::remove_backlink(other)) return false;
  home_->tell_link(id(), caf::strong_actor_ptr{other->ctrl()}, false);
  return true;
}

void remote_actor::kill_proxy(caf::execution_unit* unit, caf::error reason) {
  cleanup(std::move(reason), unit);
}

}  // namespace troupe::transport
