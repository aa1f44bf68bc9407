// What a supervisor tells itself, and what an actor that starts a child for it says.
#pragma once

#include <cstdint>

#include <caf/meta/type_name.hpp>
#include <caf/typed_actor.hpp>

#include "runtime/supervisor_messages.hpp"

namespace troupe {

struct restart_due {
  std::uint64_t ticket = 0;
};

struct grace_over {
  std::uint64_t child = 0;
  std::uint32_t start = 0;  // which of its starts; later ones have their own grace
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, restart_due& x) {
  return f(caf::meta::type_name("troupe::restart_due"), x.ticket);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, grace_over& x) {
  return f(caf::meta::type_name("troupe::grace_over"), x.child, x.start);
}

// The supervisor as it knows itself.
using own_supervisor_actor =
    supervisor_actor::extend<caf::reacts_to<restart_due>, caf::reacts_to<grace_over>,
                             caf::reacts_to<child_started>>;

}  // namespace troupe
