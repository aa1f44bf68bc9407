// Each rule the simulation watches, taken out: some seed must notice.
#include <functional>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "runtime/log.hpp"
#include "tests/simulation/cluster/shrink.hpp"
#include "tests/simulation/cluster/sim_cluster.hpp"

namespace troupe::simulation {
namespace {

struct mutation {
  std::string name;
  std::function<void(mutations&)> take_out;

  friend std::ostream& operator<<(std::ostream& out, const mutation& m) { return out << m.name; }
};

class mutated_cluster : public testing::TestWithParam<mutation> {
 public:
  mutated_cluster() { log::configure(log::level::error, false, ""); }
  ~mutated_cluster() override { log::configure(log::level::info, false, ""); }
};

TEST_P(mutated_cluster, is_noticed) {
  constexpr std::uint64_t seeds = 150;
  mutations without;
  GetParam().take_out(without);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto result = simulate(draw_plan(seed), without);
    if (result.violation.empty()) continue;
    RecordProperty("noticed", "seed " + std::to_string(seed) + " " + result.violation);
    return;
  }
  FAIL() << "no seed up to " << seeds << " notices";
}

INSTANTIATE_TEST_SUITE_P(
    all, mutated_cluster,
    testing::Values(
        mutation{"ended_come_back", [](mutations& m) { m.ended_come_back = true; }},
        mutation{"zombies_speak", [](mutations& m) { m.zombies_speak = true; }},
        mutation{"gaps_untold", [](mutations& m) { m.gaps_untold = true; }},
        mutation{"no_suspicion", [](mutations& m) { m.membership.suspicion = false; }},
        mutation{"no_majority", [](mutations& m) { m.membership.majority = false; }},
        mutation{"no_restarts", [](mutations& m) { m.no_restarts = true; }},
        mutation{"orphans", [](mutations& m) { m.orphans = true; }},
        mutation{"deaf_placement", [](mutations& m) { m.deaf_placement = true; }},
        mutation{"deaf_to_routers", [](mutations& m) { m.deaf_to_routers = true; }},
        mutation{"unannounced", [](mutations& m) { m.unannounced = true; }},
        mutation{"undrained", [](mutations& m) { m.undrained = true; }},
        mutation{"no_incarnations", [](mutations& m) { m.membership.incarnations = false; }},
        mutation{"no_refutation", [](mutations& m) { m.membership.refutation = false; }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace troupe::simulation
