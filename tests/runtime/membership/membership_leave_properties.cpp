// What holds when a node goes on purpose: nobody takes it for a failure.
#include "tests/runtime/membership/member_network.hpp"
#include "tests/runtime/membership/membership_properties.hpp"

namespace troupe::testing {

using namespace std::chrono_literals;
using news = membership_event::kind;

std::string a_farewell_is_heard_by_all(std::uint64_t seed, membership_parts parts) {
  auto net = settled_network(12, seed, parts);
  const auto name = net.id(3).name;
  net.leave(3);
  net.run(400ms);
  const auto heard = net.count(news::left, name);
  if (net.count(news::down, name) != 0) return "it is held down";
  return heard == 11 ? "" : std::to_string(heard) + " of 11 know";
}

// Also by who comes later, and by who suspects the node meanwhile; then it says farewell.
std::string a_leave_is_announced_to_all(std::uint64_t seed, membership_parts parts) {
  auto net = settled_network(12, seed, parts);
  const auto name = net.id(3).name;
  net.kill(7);
  net.pause(3);
  net.run(std::chrono::milliseconds{seed * 53 % 900});
  net.resume(3);
  net.announce_leave(3);
  net.run(1s);
  net.restart(7);
  net.run(1s);
  const auto heard = net.count(news::leaving, name);
  if (heard != 11) return std::to_string(heard) + " of 11 are told";
  net.leave(3);
  net.run(400ms);
  if (net.count(news::down, name) != 0) return "it is held down";
  const auto left = net.count(news::left, name);
  return left == 11 ? "" : std::to_string(left) + " of 11 know that it has left";
}

}  // namespace troupe::testing
