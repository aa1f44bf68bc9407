// What /metrics says of a cluster.
#include "apps/node_cluster_metrics.hpp"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

namespace troupe::apps {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const cluster_figures& of) {
  return prometheus::TextSerializer{}.Serialize(cluster_families(of));
}

transport::link_status link(const std::string& peer, std::uint64_t incarnation, bool up,
                            std::uint64_t sent) {
  transport::link_status made;
  made.node.id = {peer, incarnation};
  made.up = up;
  made.sent = sent;
  return made;
}

member_record member(const std::string& name, member_state state) {
  member_record made;
  made.node.id.name = name;
  made.state = state;
  return made;
}

TEST(cluster_metrics, tell_of_each_link) {
  cluster_figures figures;
  figures.links = {link("a", 1, true, 5), link("b", 1, false, 6)};
  figures.links[0].received = 7;
  figures.links[0].gaps = 8;
  figures.links[1].queued_bytes = 9;
  const auto text = text_of(figures);
  EXPECT_THAT(text, HasSubstr("# TYPE troupe_link_up gauge\n"));
  EXPECT_THAT(text, HasSubstr("troupe_link_up{peer=\"a\"} 1\ntroupe_link_up{peer=\"b\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("troupe_link_records_sent_total{peer=\"b\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("troupe_link_records_received_total{peer=\"a\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("troupe_link_gaps_total{peer=\"a\"} 8\n"));
  EXPECT_THAT(text, HasSubstr("troupe_link_queued_bytes{peer=\"b\"} 9\n"));
}

// Prometheus takes no page that says one series twice.
TEST(cluster_metrics, a_peer_that_came_back_has_one_series) {
  cluster_figures figures;
  figures.links = {link("a", 2, true, 5), link("a", 1, false, 900)};
  const auto text = text_of(figures);
  EXPECT_THAT(text, HasSubstr("troupe_link_records_sent_total{peer=\"a\"} 5\n"));
  EXPECT_THAT(text, Not(HasSubstr("900")));
}

TEST(cluster_metrics, count_members_by_state) {
  cluster_figures figures;
  figures.members = {member("a", member_state::up), member("b", member_state::up),
                     member("c", member_state::suspect), member("d", member_state::left),
                     member("e", member_state::up)};
  figures.members.back().leaving = true;
  const auto text = text_of(figures);
  EXPECT_THAT(text, HasSubstr("troupe_cluster_members{state=\"up\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("troupe_cluster_members{state=\"leaving\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("troupe_cluster_members{state=\"suspect\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("troupe_cluster_members{state=\"down\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("troupe_cluster_members{state=\"left\"} 1\n"));
}

TEST(cluster_metrics, count_what_was_refused_and_dropped) {
  transport::zmq::link_counts counts;
  counts.refused_by_us.add(transport::zmq::refusal_reason::cluster);
  counts.refused_by_peer.add(transport::zmq::refusal_reason::too_many);
  counts.unknown_token = 3;
  counts.malformed = 4;
  counts.late = 5;
  counts.refused_connections.add(transport::zmq::connection_flaw::another_key);
  for (int i = 0; i < 2; ++i) {
    counts.refused_connections.add(transport::zmq::connection_flaw::no_handshake);
  }
  for (int i = 0; i < 3; ++i) {
    counts.refused_connections.add(transport::zmq::connection_flaw::endless_message);
  }
  counts.failed_connections = 8;
  counts.bytes_received = 9;
  cluster_figures figures;
  figures.counts = &counts;
  const auto text = text_of(figures);
  const std::string refusals = "troupe_link_refusals_total";
  EXPECT_THAT(text, HasSubstr(refusals + "{by=\"us\",reason=\"cluster\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(refusals + "{by=\"peer\",reason=\"cluster\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(refusals + "{by=\"peer\",reason=\"too_many\"} 1\n"));
  const std::string dropped = "troupe_link_frames_dropped_total";
  EXPECT_THAT(text, HasSubstr(dropped + "{reason=\"unknown_token\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(dropped + "{reason=\"malformed\"} 4\n"));
  EXPECT_THAT(text, HasSubstr(dropped + "{reason=\"late\"} 5\n"));
  const std::string connections = "troupe_link_connections_refused_total";
  EXPECT_THAT(text, HasSubstr(connections + "{reason=\"key\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(connections + "{reason=\"handshake\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(connections + "{reason=\"endless_message\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(connections + "{reason=\"by_peer\"} 8\n"));
  EXPECT_THAT(text, HasSubstr("troupe_link_received_bytes_total 9\n"));
}

TEST(cluster_metrics, tell_of_actors_elsewhere) {
  cluster_figures figures;
  figures.actors = {.sent = 1,
                    .delivered = 2,
                    .refused = 3,
                    .dead = 4,
                    .malformed = 5,
                    .pending = 6,
                    .exported = 7};
  const auto text = text_of(figures);
  EXPECT_THAT(text, HasSubstr("troupe_remote_messages_sent_total 1\n"));
  EXPECT_THAT(text, HasSubstr("troupe_remote_messages_delivered_total 2\n"));
  const std::string failed = "troupe_remote_messages_failed_total";
  EXPECT_THAT(text, HasSubstr(failed + "{reason=\"refused\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(failed + "{reason=\"dead\"} 4\n"));
  EXPECT_THAT(text, HasSubstr(failed + "{reason=\"malformed\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("troupe_remote_requests_pending 6\n"));
  EXPECT_THAT(text, HasSubstr("troupe_remote_actors_exported 7\n"));
}

TEST(cluster_metrics, say_nothing_where_there_is_no_cluster) {
  cluster_metrics metrics;
  EXPECT_TRUE(metrics.Collect().empty());
  metrics.know({member("a", member_state::up)});
  EXPECT_TRUE(metrics.Collect().empty());
}

}  // namespace
}  // namespace troupe::apps
