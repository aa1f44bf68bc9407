// Two nodes and what one of them is told to do, in words.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/node_hosting.hpp"

namespace troupe::apps {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

inline config::placed_spec group(const std::string& name, std::uint32_t count,
                                 std::uint32_t per_node_max = 0) {
  config::placed_spec made;
  made.engine.name = name;
  made.engine.count = count;
  made.place.per_node_max = per_node_max;
  return made;
}

inline placement_node node(const std::string& name, std::uint64_t incarnation = 1) {
  return {{name, incarnation}, {}, {"engine"}, 1};
}

inline router_answers one_router(std::vector<actors::engine_status> engines) {
  return {actors::model_listing{{}, std::move(engines)}};
}

inline actors::engine_status status(const std::string& name, bool up, bool draining = false,
                                    std::uint32_t leases = 0) {
  actors::engine_status made;
  made.name = name;
  made.up = up;
  made.settings.draining = draining;
  made.leases = leases;
  return made;
}

inline std::vector<std::string> words(const std::vector<hosting_step>& steps) {
  constexpr std::array names{"start", "hand over", "drain", "resume", "stop", "resettle"};
  std::vector<std::string> all;
  for (const auto& step : steps) {
    all.push_back(std::string{names.at(static_cast<std::size_t>(step.what))} + ' ' +
                  step.engine.name + (step.successor.empty() ? "" : " to " + step.successor));
  }
  return all;
}

// One engine and two nodes, `home` draws less than `away`: which is which the hashing says.
class node_hosting_test : public testing::Test {
 protected:
  node_hosting_test() {
    const auto chosen =
        place({{.name = "cpu", .roles = {"engine"}}}, {node("a"), node("b")}).instances.at(0);
    home_ = chosen.node.name;
    away_ = home_ == "a" ? "b" : "a";
    home_engine_ = home_ + ".cpu";
    away_engine_ = away_ + ".cpu";
  }

  // `away` runs the engine alone, and then hears of `home`.
  node_hosting handing_over() {
    node_hosting hosting{{group("cpu", 1)}, times_};
    hosting.begin(node(away_), now_);
    EXPECT_THAT(words(hosting.settle(now_)), ElementsAre("start " + away_engine_));
    hosting.up(node(home_), now_);
    EXPECT_THAT(words(hosting.settle(now_)),
                ElementsAre("hand over " + away_engine_ + " to " + home_engine_));
    return hosting;
  }

  // The same once it drains.
  node_hosting draining() {
    auto hosting = handing_over();
    EXPECT_THAT(words(hosting.poll(one_router({status(home_engine_, true)}), now_)),
                ElementsAre("drain " + away_engine_));
    return hosting;
  }

  // One of two nodes leaves, and hands over to the other what it runs.
  node_hosting leaving(const std::string& here, const std::string& there) {
    node_hosting hosting{{group("cpu", 1)}, times_};
    hosting.begin(node(here), now_);
    hosting.settle(now_);
    hosting.up(node(there), now_);
    hosting.leave(now_);
    EXPECT_THAT(words(hosting.settle(now_)),
                ElementsAre("hand over " + here + ".cpu to " + there + ".cpu"));
    return hosting;
  }

  const hosting_times times_{};
  const time_point now_{std::chrono::seconds{100}};
  std::string home_, away_, home_engine_, away_engine_;
};

}  // namespace troupe::apps
