// The stand-in of an actor that lives on another node: what it gets, it sends there.
//
// It knows of its actor's end only once somebody has attached to it (a monitor, a link); from then
// on it lives until that end, or until nobody is attached any more.
//
// Thread: any. CAF calls add_backlink and remove_backlink with both actors' mutexes held, so
// nothing here takes an actor's mutex.
#pragma once

#include <cstddef>
#include <memory>

#include <caf/actor_config.hpp>
#include <caf/actor_proxy.hpp>

namespace troupe::transport {

class remote_node;

class remote_actor final : public caf::actor_proxy {
 public:
  remote_actor(caf::actor_config& config, std::shared_ptr<remote_node> home);
  ~remote_actor() override;

  const std::shared_ptr<remote_node>& home() const { return home_; }

  // Returns the stand-in behind a handle, null where its actor is local.
  static remote_actor* of(const caf::strong_actor_ptr& actor);

  const char* name() const override { return "remote"; }
  void on_destroy() override;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* unit) override;
  using caf::abstract_actor::enqueue;
  void attach(caf::attachable_ptr what) override;
  std::size_t detach(const caf::attachable::token& what) override;
  bool add_backlink(caf::abstract_actor* other) override;
  bool remove_backlink(caf::abstract_actor* other) override;
  void kill_proxy(caf::execution_unit* unit, caf::error reason) override;

 private:
  std::shared_ptr<remote_node> home_;
};

}  // namespace troupe::transport
