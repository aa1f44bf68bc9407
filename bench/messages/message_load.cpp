#include "bench/messages/message_load.hpp"

#include <algorithm>

namespace troupe::bench {

std::uint64_t message_load::batch() const {
  return std::clamp<std::uint64_t>(1024 * 1024 / payload_bytes, 16, 1'024);
}

std::vector<message_load> message_loads() {
  std::vector<message_load> loads;
  for (const std::size_t bytes : {64U, 1'024U, 65'536U}) {
    const auto size =
        bytes < 1'024 ? std::to_string(bytes) + " B" : std::to_string(bytes / 1'024) + " KiB";
    loads.push_back({"one way, " + size, bytes, 0});
    loads.push_back({"ping-pong, " + size, bytes, 1});
    loads.push_back({"32 in flight, " + size, bytes, 32});
  }
  return loads;
}

double load_clock::rate() const {
  const std::chrono::duration<double> took = seen_ - first_;
  return count_ == 0 ? 0 : static_cast<double>(count_) / took.count();
}

}  // namespace troupe::bench
