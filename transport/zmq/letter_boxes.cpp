#include "transport/zmq/letter_boxes.hpp"

#include <utility>

#include "transport/zmq/zmq_link.hpp"

namespace troupe::transport::zmq {

bool letter_boxes::send(const std::string& endpoint, std::string frame, time_point now) {
  auto* to = at(endpoint);
  if (to == nullptr) return false;
  to->used_at = now;
  return to->lane->say(std::move(frame), waiting_bytes_max);
}

letter_boxes::box* letter_boxes::at(const std::string& endpoint) {
  const auto known = boxes_.find(endpoint);
  if (known != boxes_.end()) return &known->second;
  if (boxes_.size() >= options_.peers_max) return nullptr;
  auto sockets = open_dealer(context_, options_);
  if (!sockets || !sockets->dealer.connect(endpoint)) return nullptr;
  auto made =
      std::make_shared<link_lane>(std::move(*sockets), link_lane::settings{.endpoint = endpoint});
  return &boxes_.emplace(endpoint, box{std::move(made), {}}).first->second;
}

void letter_boxes::read_events(connection_guard& guard) {
  for (const auto& [endpoint, one] : boxes_) {
    while (const auto event = one.lane->take_event()) guard.changed(*event);
  }
}

void letter_boxes::expire(time_point now) {
  std::erase_if(boxes_, [&](auto& one) {
    one.second.lane->mend();
    if (now - one.second.used_at < options_.letter_idle) return false;
    one.second.lane->close();
    return true;
  });
}

// Whether anybody is there is not known here: the context waits no longer than that for all.
void letter_boxes::close() {
  for (auto& [endpoint, one] : boxes_) {
    const bool has_more = one.lane->says_something();
    one.lane->close(has_more ? options_.farewell : std::chrono::milliseconds{0});
  }
  boxes_.clear();
}

}  // namespace troupe::transport::zmq
