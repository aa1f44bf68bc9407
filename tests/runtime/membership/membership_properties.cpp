#include "tests/runtime/membership/membership_properties.hpp"

#include <sstream>

#include "tests/runtime/membership/member_network.hpp"

namespace troupe::testing {

namespace {

using namespace std::chrono_literals;
using news = membership_event::kind;

// Nobody is held down, suspected or out of date, and nobody had to start again for no reason.
std::string calm(const member_network& net, std::uint64_t fences_max = 0) {
  std::ostringstream out;
  if (!net.broken().empty()) out << net.broken() << "; ";
  if (!net.agreed()) out << "the nodes do not agree; ";
  if (net.fences() > fences_max) out << net.fences() << " nodes were fenced; ";
  return out.str();
}

bool any_suspect(member_network& net) {
  for (std::size_t i = 0; i < net.size(); ++i) {
    if (!net.running(i)) continue;
    for (const auto& r : net.core(i).records()) {
      if (r.state == member_state::suspect) return true;
    }
  }
  return false;
}

// Each other node says `down` of this life within `bound`, and of nobody else.
std::string found(const member_network& net, const node_id& lost, time_point since,
                  member_network::duration bound) {
  std::size_t found = 0;
  for (const auto& n : net.notes()) {
    if (n.event.what != news::down || n.at < since || n.observer + 1 == net.size()) continue;
    if (n.event.node.id != lost) return n.event.node.id.name + " was held down";
    if (n.at <= since + bound) ++found;
  }
  return found + 1 == net.size() ? "" : std::to_string(found) + " nodes found out in time";
}

std::string a_killed_node_is_found(std::uint64_t seed, membership_parts parts) {
  const std::size_t nodes = 2 + seed % 11;
  auto net = settled_network(nodes, seed, parts);
  const auto lost = net.id(nodes - 1);
  const auto since = net.now();
  net.kill(nodes - 1);
  net.run(2s);
  return calm(net) + found(net, lost, since, 500ms);
}

std::string a_hung_node_is_found(std::uint64_t seed, membership_parts parts) {
  const std::size_t nodes = 2 + seed % 11;
  auto net = settled_network(nodes, seed, parts);
  const auto lost = net.id(nodes - 1);
  const auto since = net.now();
  net.pause(nodes - 1);
  net.run(4s);
  const auto wrong = calm(net) + found(net, lost, since, 2s);
  net.resume(nodes - 1);
  net.run(4s);
  return wrong + calm(net, 1);
}

std::string a_cut_off_node_is_found_and_costs_nobody_else(std::uint64_t seed,
                                                          membership_parts parts) {
  const std::size_t nodes = 3 + seed % 10;
  auto net = settled_network(nodes, seed, parts);
  const auto lost = net.id(nodes - 1);
  const auto since = net.now();
  net.isolate(nodes - 1);
  net.run(std::chrono::milliseconds{2'500 + seed % 7 * 500});
  const auto wrong = found(net, lost, since, 2s);
  net.heal();
  net.run(6s);
  return wrong + calm(net, 1);
}

std::string pause_all_in_turn(member_network& net, std::chrono::milliseconds pause) {
  for (std::size_t i = 0; i < net.size(); i += 1 + net.size() / 16) {
    net.pause(i);
    net.run(pause);
    net.resume(i);
    net.run(250ms);
  }
  net.run(2s);
  std::string wrong = calm(net);
  if (any_suspect(net)) wrong += "a suspicion has not been refuted; ";
  for (const auto& n : net.notes()) {
    if (n.event.what == news::down) return wrong + n.event.node.id.name + " was held down";
  }
  return wrong;
}

std::string a_short_pause_is_no_death(std::uint64_t seed, membership_parts parts) {
  auto net = settled_network(seed % 8 == 0 ? 64 : 12, seed, parts);
  return pause_all_in_turn(net, 300ms);
}

std::string a_long_pause_is_no_death(std::uint64_t seed, membership_parts parts) {
  auto net = settled_network(3 + seed % 10, seed, parts);
  return pause_all_in_turn(net, 800ms);
}

// The suspect contradicts while the one that suspects it does not run, and so does not hear it.
std::string who_did_not_run_judges_nobody(std::uint64_t seed, membership_parts parts) {
  auto net = settled_network(8, seed, parts);
  const auto name = net.id(1).name;
  net.pause(1);
  for (int i = 0; i < 100 && net.count(news::suspect, name) == 0; ++i) net.run(10ms);
  net.pause(0);
  net.resume(1);
  net.run(800ms);
  net.resume(0);
  net.run(1s);
  return net.count(news::down, name) == 0 ? calm(net) : name + " was held down";
}

std::string two_that_do_not_reach_each_other_suspect_nobody(std::uint64_t seed,
                                                            membership_parts parts) {
  auto net = settled_network(6, seed, parts);
  net.cut_both(0, 1);
  net.run(5s);
  for (const auto& n : net.notes()) {
    if (n.event.what == news::suspect) return n.event.node.id.name + " is suspected";
  }
  return calm(net);
}

// Cuts the first `first` nodes from the others for a while, then looks at who was fenced.
std::string after_partition(member_network& net, std::size_t first, bool first_lives) {
  const auto nodes = net.size();
  for (std::size_t a = 0; a < first; ++a) {
    for (std::size_t b = first; b < nodes; ++b) net.cut_both(a, b);
  }
  net.run(std::chrono::milliseconds{800 + net.now().time_since_epoch() / 1ms % 8 * 800});
  net.heal();
  net.run(10s);
  for (std::size_t i = 0; i < nodes; ++i) {
    const bool fenced = net.id(i).incarnation != 1;
    if (fenced && (i < first) == first_lives) return net.id(i).name + " was fenced";
  }
  return calm(net, nodes);
}

std::string a_partition_heals_and_the_greater_part_lives_on(std::uint64_t seed,
                                                            membership_parts parts) {
  const std::size_t nodes = 4 + seed % 7;
  auto net = settled_network(nodes, seed, parts);
  return after_partition(net, 1 + seed % ((nodes - 1) / 2), false);
}

std::string two_halves_heal_and_the_one_with_the_least_name_lives_on(std::uint64_t seed,
                                                                     membership_parts parts) {
  auto net = settled_network(2 + 2 * (seed % 4), seed, parts);
  return after_partition(net, net.size() / 2, true);
}

std::string a_deaf_node_costs_nobody_else(std::uint64_t seed, membership_parts parts) {
  auto net = settled_network(7, seed, parts);
  for (std::size_t i = 1; i < net.size(); ++i) net.cut(i, 0);
  net.run(4s);
  net.heal();
  net.run(8s);
  for (std::size_t i = 1; i < net.size(); ++i) {
    if (net.id(i).incarnation != 1) return "a node that hears was fenced";
  }
  return calm(net, 2);
}

// What an earlier life has said comes again, long after.
std::string a_dead_life_stays_dead(std::uint64_t seed, membership_parts parts) {
  auto net = settled_network(5, seed, parts);
  std::vector<std::pair<std::size_t, member_message>> old;
  net.on_letter = [&](std::size_t to, const member_message& message) {
    if (message.from.node.id.name == "n04" && old.size() < 40) old.emplace_back(to, message);
    return true;
  };
  net.run(2s);
  net.on_letter = nullptr;
  net.kill(4);
  net.run(seed % 2 == 0 ? 10ms : 1'500ms);
  net.restart(4);
  net.run(1s);
  for (const auto& [to, message] : old) {
    net.inject(to, message);
    net.run(20ms);
  }
  net.run(2s);
  return calm(net);
}

std::string a_lossy_network_is_borne(std::uint64_t seed, membership_parts parts) {
  auto net = settled_network(8, seed, parts);
  net.faults({.loss = 0.2, .duplication = 0.1, .delay_min = 100us, .delay_max = 60ms});
  net.run(8s);
  net.faults({});
  net.run(3s);
  for (const auto& n : net.notes()) {
    if (n.event.what == news::down) return n.event.node.id.name + " was held down";
  }
  return calm(net);
}

void trouble(member_network& net, std::mt19937_64& random) {
  const auto node = random() % net.size();
  const auto other = random() % net.size();
  switch (random() % 8) {
    case 0:
      return net.running(node) ? net.kill(node) : net.restart(node);
    case 1:
      if (net.running(node)) net.pause(node);
      return;
    case 2:
      return net.resume(node);
    case 3:
      return net.cut(node, other);
    case 4:
      return net.isolate(node);
    case 5:
      return net.heal();
    case 6:
      if (net.running(node)) net.leave(node);
      return;
    default:
      net.faults({.loss = static_cast<double>(random() % 40) / 100,
                  .duplication = 0.2,
                  .delay_min = 100us,
                  .delay_max = std::chrono::milliseconds{1 + random() % 200}});
  }
}

std::string all_agree_after_any_trouble(std::uint64_t seed, membership_parts parts) {
  auto net = settled_network(3 + seed % 7, seed, parts);
  std::mt19937_64 random{seed};
  for (int i = 0; i < 24; ++i) {
    trouble(net, random);
    net.run(std::chrono::milliseconds{random() % 900});
  }
  net.heal();
  net.faults({});
  for (std::size_t i = 0; i < net.size(); ++i) {
    net.resume(i);
    const bool left = net.running(i) && net.core(i).self().state == member_state::left;
    if (left || !net.running(i)) net.restart(i);
  }
  net.run(15s);
  auto wrong = calm(net, 1'000'000);
  if (any_suspect(net)) wrong += "a suspicion has not been refuted; ";
  return wrong;
}

}  // namespace

member_network settled_network(std::size_t nodes, std::uint64_t seed, membership_parts parts) {
  const auto phase = std::chrono::milliseconds{seed * 37 % 400};
  return member_network{{.nodes = nodes, .seed = seed, .parts = parts, .settle = 3s + phase}};
}

const std::vector<membership_property>& membership_properties() {
  static const std::vector<membership_property> all{
#define PROPERTY(name, seeds) membership_property{#name, name, seeds}
      PROPERTY(a_killed_node_is_found, 60),
      PROPERTY(a_hung_node_is_found, 60),
      PROPERTY(a_cut_off_node_is_found_and_costs_nobody_else, 60),
      PROPERTY(a_short_pause_is_no_death, 16),
      PROPERTY(a_long_pause_is_no_death, 30),
      PROPERTY(who_did_not_run_judges_nobody, 40),
      PROPERTY(two_that_do_not_reach_each_other_suspect_nobody, 40),
      PROPERTY(a_partition_heals_and_the_greater_part_lives_on, 60),
      PROPERTY(two_halves_heal_and_the_one_with_the_least_name_lives_on, 60),
      PROPERTY(a_deaf_node_costs_nobody_else, 30),
      PROPERTY(a_dead_life_stays_dead, 40),
      PROPERTY(a_farewell_is_heard_by_all, 40),
      PROPERTY(a_leave_is_announced_to_all, 40),
      PROPERTY(a_lossy_network_is_borne, 30),
      PROPERTY(all_agree_after_any_trouble, 200),
#undef PROPERTY
  };
  return all;
}

}  // namespace troupe::testing
