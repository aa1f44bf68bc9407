// An actor that runs on one I/O thread only, so that it may touch sockets and other objects there.
//
// `class stream : public pinned<stream_actor::base>`, with a constructor
// `(caf::actor_config&, io_thread* home, ...)`; made by spawn_pinned. Messages come from any thread
// and run on the home thread. Callbacks of that thread (bytes, closes) enter the actor with
// `call(f)`, which behaves like a message handler: send, request, quit and ask work in it, an
// exception ends the actor. Calls may nest, and may come from within the actor's own handlers.
//
// Thread: handlers and call() on the home thread, asserted. Without a home (null: simulation) the
// actor runs on its sender's unit, as CAF's test coordinator wants it.
#pragma once

#include <cstddef>
#include <exception>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/infer_handle.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scoped_execution_unit.hpp>

#include "runtime/assert.hpp"
#include "runtime/errc.hpp"
#include "runtime/io_thread.hpp"

namespace troupe {

template <class Base>
class pinned : public Base {
 public:
  pinned(caf::actor_config& cfg, io_thread* home) : Base{cfg}, home_{home} {
    TROUPE_ASSERT(home_ == nullptr || home_->unit() != nullptr);
  }

  io_thread* home() const { return home_; }

  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* sender) override {
    Base::enqueue(std::move(what), home_ != nullptr ? home_->unit() : sender);
  }

  caf::resumable::resume_result resume(caf::execution_unit* unit, std::size_t count) override {
    TROUPE_ASSERT(home_ == nullptr || (unit == home_->unit() && home_->is_current()));
    inside_guard guard{inside_};
    return Base::resume(unit, count);
  }

  // Runs `f` as the actor; false if the actor has ended, then `f` is not run or has ended it.
  template <class F>
  bool call(F&& f) {
    TROUPE_ASSERT(home_ == nullptr || home_->is_current());
    if (inside_) {
      f();
      return true;
    }
    caf::strong_actor_ptr keep{this->ctrl()};
    inside_guard guard{inside_};
    caf::scoped_execution_unit simulated{&this->system()};
    auto* unit = home_ != nullptr ? home_->unit() : &simulated;
    if (!this->activate(unit)) return false;
    run(f);
    const bool ended = this->finalize();
    if (home_ == nullptr) this->context(nullptr);  // `simulated` goes
    return !ended;
  }

 private:
  struct inside_guard {
    explicit inside_guard(bool& flag) : flag_{flag} { flag_ = true; }
    ~inside_guard() { flag_ = false; }
    bool& flag_;
  };

  template <class F>
  void run(F& f) {
    this->current_mailbox_element(nullptr);  // what it pointed to is gone
    try {
      f();
    } catch (const std::exception& e) {
      this->quit(make_failure(errc::process_died, e.what()));
    } catch (...) {
      this->quit(make_failure(errc::process_died, "unknown exception"));
    }
  }

  io_thread* home_;
  bool inside_ = false;
};

// Spawns T, made with (cfg, home, xs...), on its home thread; from any thread. Null: simulation.
template <class T, class... Ts>
caf::infer_handle_from_class_t<T> spawn_pinned(caf::actor_system& system, io_thread* home,
                                               Ts&&... xs) {
  caf::actor_config cfg{home != nullptr ? home->unit() : nullptr};
  return system.spawn_class<T, caf::no_spawn_options>(cfg, home, std::forward<Ts>(xs)...);
}

// Returns the object behind a handle that is known to be a T; keep the handle while it is used.
template <class T, class Handle>
T& object_of(const Handle& handle) {
  auto* object = dynamic_cast<T*>(caf::actor_cast<caf::abstract_actor*>(handle));
  TROUPE_ASSERT(object != nullptr);
  return *object;
}

}  // namespace troupe
