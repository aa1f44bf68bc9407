// Engines come, leave and are replaced; what a file says is what the table becomes.
#include "apps/engine_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::apps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

config::engine_spec engine(const std::string& name, std::uint32_t weight = 1) {
  config::engine_spec made;
  made.name = name;
  made.kind = config::engine_kind::openai;
  made.url = "http://h:1";
  made.weight = weight;
  return made;
}

config::engine_spec moved(const std::string& name) {
  auto made = engine(name);
  made.url = "http://h:2";
  return made;
}

config::engine_spec group(const std::string& name, std::uint32_t count) {
  config::engine_spec made;
  made.name = name;
  made.count = count;
  return made;
}

std::vector<std::string> names(const std::vector<config::engine_spec>& engines) {
  std::vector<std::string> found;
  for (const auto& each : engines) found.push_back(each.name);
  return found;
}

table_steps reload(engine_table& table, std::vector<config::engine_spec> file) {
  config::node_spec from, to;
  from.engines = table.intended();
  to.engines = std::move(file);
  return table.apply(config::difference(from, to), {});
}

constexpr time_point soon{std::chrono::seconds{5}};
constexpr time_point later{std::chrono::seconds{9}};

TEST(engine_table, a_group_is_added_whole_or_not_at_all) {
  engine_table table{{engine("b-1")}, 4};
  EXPECT_THAT(table.conflict(group("b", 2)), HasSubstr("already called 'b-1'"));
  EXPECT_THAT(table.conflict(group("c", 4)), HasSubstr("at most 4 engines"));
  EXPECT_EQ(table.engines().size(), 1u);
  ASSERT_EQ(table.conflict(group("c", 3)), "");
  EXPECT_THAT(names(table.add(group("c", 3))), ElementsAre("c-0", "c-1", "c-2"));
  EXPECT_EQ(table.engines().size(), 4u);
}

TEST(engine_table, a_name_is_taken_until_its_engine_has_gone) {
  engine_table table{{engine("a")}};
  EXPECT_TRUE(table.retire("a", soon));
  EXPECT_FALSE(table.retire("a", later));
  EXPECT_EQ(table.departures().at("a").deadline, soon);
  EXPECT_NE(table.conflict(engine("a")), "");
  EXPECT_THAT(table.intended(), IsEmpty());
  EXPECT_FALSE(table.remove("a"));
  EXPECT_FALSE(table.is_leaving("a"));
  EXPECT_EQ(table.conflict(engine("a")), "");
}

TEST(engine_table, an_engine_is_stopped_once_at_a_time) {
  engine_table table{{engine("a")}};
  EXPECT_FALSE(table.stop("a"));
  table.retire("a", soon);
  EXPECT_TRUE(table.stop("a"));
  EXPECT_FALSE(table.stop("a"));
  table.keep_on("a");
  EXPECT_TRUE(table.stop("a"));
}

TEST(engine_table, an_engine_that_did_not_start_leaves_nothing_behind) {
  engine_table table{{}};
  table.add(engine("a"));
  EXPECT_FALSE(table.remove("a"));
  EXPECT_FALSE(table.remove("never"));
  EXPECT_THAT(table.engines(), IsEmpty());
}

TEST(engine_table, a_file_adds_drops_replaces_and_resettles) {
  engine_table table{{engine("a"), engine("b"), engine("c"), engine("d")}};
  const auto steps = reload(table, {engine("a"), moved("b"), engine("c", 7), engine("e")});
  EXPECT_THAT(steps.drained, ElementsAre("d", "b"));
  EXPECT_THAT(names(steps.started), ElementsAre("e"));
  EXPECT_THAT(names(steps.resettled), ElementsAre("c"));
  EXPECT_EQ(table.engines().at("c").weight, 7u);
  EXPECT_EQ(table.engines().at("b"), engine("b"));  // until it has gone
  const auto successor = table.remove("b");
  ASSERT_TRUE(successor);
  EXPECT_EQ(*successor, moved("b"));
  EXPECT_EQ(table.engines().at("b"), moved("b"));
  EXPECT_FALSE(table.is_leaving("b"));
}

TEST(engine_table, the_last_file_counts_for_an_engine_on_its_way_out) {
  engine_table table{{engine("a")}};
  EXPECT_THAT(reload(table, {moved("a")}).drained, ElementsAre("a"));
  EXPECT_THAT(reload(table, {engine("a", 3)}).drained, IsEmpty());
  EXPECT_EQ(table.departures().at("a").successor, engine("a", 3));
  EXPECT_THAT(reload(table, {engine("a", 4)}).resettled, IsEmpty());
  EXPECT_EQ(table.departures().at("a").successor, engine("a", 4));
  reload(table, {});
  EXPECT_EQ(table.departures().at("a").successor, std::nullopt);
  EXPECT_THAT(reload(table, {engine("a")}).started, IsEmpty());
  EXPECT_EQ(table.remove("a"), engine("a"));
}

}  // namespace
}  // namespace troupe::apps
