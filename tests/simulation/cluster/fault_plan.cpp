#include "tests/simulation/cluster/fault_plan.hpp"

#include <algorithm>

#include "tests/simulation/cluster/sim_world.hpp"

namespace troupe::simulation {

namespace {

using std::chrono::milliseconds;

struct fault_words {
  const char* word;
  const char* what;
};

// In the order of fault_kind.
constexpr fault_words kinds[] = {
    {"kill", "a node's process, at once; it starts again after the time"},
    {"leave", "a node is told to stop; it starts again once it has, not before the time"},
    {"pause", "a node stands still"},
    {"cut", "what a node sends another does not arrive"},
    {"isolate", "a node is cut from all others, both ways"},
    {"slow", "what a node sends another comes 30 ms later"},
    {"lose", "5 % of what a node sends another is lost"},
    {"engine dies", "the engines of a node, and those that are started there meanwhile"},
    {"engine hangs", "the engines of a node answer nothing, and then die"},
    {"actor dies", "the router of a node, its placement, the proxies of its engines"},
};

const char* word(fault_kind kind) {
  return kinds[static_cast<std::size_t>(kind)].word;
}

bool has_other(fault_kind kind) {
  return kind == fault_kind::cut || kind == fault_kind::slow || kind == fault_kind::lose;
}

fault draw_fault(chance& random, std::size_t nodes) {
  fault one;
  one.kind = static_cast<fault_kind>(random.below(std::size(kinds)));
  one.at = faults_begin + milliseconds{random.below(3'000)};
  one.lasting = milliseconds{50 + random.below(random.happens(0.5) ? 400 : 2'900)};
  one.node = random.below(nodes);
  one.other = (one.node + 1 + random.below(nodes - 1)) % nodes;
  return one;
}

// Happens to a node while it leaves.
fault draw_disturbance(chance& random, const fault& leave) {
  constexpr fault_kind such[] = {fault_kind::kill,        fault_kind::isolate,
                                 fault_kind::leave,       fault_kind::pause,
                                 fault_kind::engine_dies, fault_kind::actor_dies};
  auto one = leave;
  one.kind = such[random.below(std::size(such))];
  one.at += milliseconds{random.below(1'000)};
  one.lasting = milliseconds{50 + random.below(1'900)};
  return one;
}

void draw_faults(chance& random, fault_plan& plan) {
  const auto count = random.below(6);
  for (std::size_t i = 0; i < count; ++i) {
    const auto one = draw_fault(random, plan.nodes());
    plan.faults.push_back(one);
    const bool is_disturbed = one.kind == fault_kind::leave && random.happens(0.5);
    if (is_disturbed) plan.faults.push_back(draw_disturbance(random, one));
  }
}

// Nodes that leave, mostly those with engines, and nothing else: nobody is to notice.
void draw_leaves(chance& random, fault_plan& plan) {
  const auto count = 1 + random.below(3);
  for (std::size_t i = 0; i < count; ++i) {
    auto one = draw_fault(random, plan.nodes());
    one.kind = fault_kind::leave;
    if (random.happens(0.6)) one.node = plan.routers + random.below(plan.engines);
    plan.faults.push_back(one);
  }
}

}  // namespace

fault_plan draw_plan(std::uint64_t seed) {
  chance random{seed * 0x9e3779b97f4a7c15ULL + 1};
  fault_plan plan;
  plan.seed = seed;
  plan.routers = 1 + random.below(3);
  plan.engines = 1 + random.below(3);
  plan.requests_max = random.happens(0.3) ? 2 : 0;
  if (random.happens(0.5)) {
    plan.placed = static_cast<std::uint32_t>(1 + random.below(4));
    plan.per_node_max = static_cast<std::uint32_t>(random.below(3));
  }
  const bool only_leaves = random.happens(0.2);
  plan.stalls = !only_leaves && random.happens(0.7);
  if (only_leaves) {
    draw_leaves(random, plan);
  } else {
    draw_faults(random, plan);
  }
  std::ranges::stable_sort(plan.faults, {}, &fault::at);
  plan.engines_each = random.happens(0.3) ? 2 : 1;
  return plan;
}

std::string describe_faults() {
  std::string text;
  for (const auto& each : kinds) {
    const std::string name{each.word};
    text += "  " + name + std::string(14 - name.size(), ' ') + each.what + "\n";
  }
  return text;
}

std::string to_string(const fault& what) {
  auto text = std::to_string(what.at.count()) + " ms: " + word(what.kind) + " n" +
              std::to_string(what.node);
  if (has_other(what.kind)) text += " -> n" + std::to_string(what.other);
  return text + " for " + std::to_string(what.lasting.count()) + " ms";
}

std::string to_string(const fault_plan& plan) {
  auto text = "seed " + std::to_string(plan.seed) + ": " + std::to_string(plan.routers) +
              " routers, " + std::to_string(plan.engines) + " nodes for engines";
  if (plan.placed != 0) {
    text += ", " + std::to_string(plan.placed) + " placed, at most " +
            std::to_string(plan.per_node_max) + " a node";
  } else if (plan.engines_each != 1) {
    text += ", " + std::to_string(plan.engines_each) + " engines on each";
  }
  if (plan.requests_max != 0) {
    text += ", engines of " + std::to_string(plan.requests_max) + " requests";
  }
  if (!plan.stalls) text += ", no token late";
  for (const auto& each : plan.faults) text += "\n  " + to_string(each);
  return text;
}

}  // namespace troupe::simulation
