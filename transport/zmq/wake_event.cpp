#include "transport/zmq/wake_event.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "runtime/assert.hpp"

namespace troupe::transport::zmq {

wake_event::wake_event() : descriptor_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
  TROUPE_ASSERT(descriptor_ >= 0);
}

wake_event::~wake_event() {
  ::close(descriptor_);
}

void wake_event::set() {
  const std::uint64_t one = 1;
  // It fails only where the counter is full, and then the descriptor is readable anyway.
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

void wake_event::clear() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(descriptor_, &count, sizeof count);
}

}  // namespace troupe::transport::zmq
