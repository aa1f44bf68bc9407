#include "apps/node_cluster_metrics.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "apps/admin_cluster_page.hpp"

namespace troupe::apps {

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using transport::zmq::connection_flaw;
using transport::zmq::refusal_reason;

MetricFamily family_of(const char* name, const char* help, MetricType type) {
  return {name, help, type, {}};
}

void add(MetricFamily& family, std::vector<prometheus::ClientMetric::Label> labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

MetricFamily single(const char* name, const char* help, MetricType type, std::uint64_t value) {
  auto family = family_of(name, help, type);
  add(family, {}, static_cast<double>(value));
  return family;
}

// Adds one series for each peer; a life that has ended may be listed beside the next one, and the
// newest one counts.
template <class F>
MetricFamily by_peer(MetricFamily family, const cluster_figures& of, F value) {
  for (const auto& link : of.links) {
    const bool outlived = std::ranges::any_of(of.links, [&](const auto& other) {
      return other.node.id.name == link.node.id.name && other.node.id > link.node.id;
    });
    if (!outlived) add(family, {{"peer", link.node.id.name}}, static_cast<double>(value(link)));
  }
  return family;
}

MetricFamily members_family(const cluster_figures& of) {
  auto family = family_of("troupe_cluster_members", "Other nodes that this one knows, by state.",
                          MetricType::Gauge);
  for (const auto* word : {"up", "leaving", "suspect", "down", "left"}) {
    const auto count = std::ranges::count(of.members, std::string_view{word}, state_word);
    add(family, {{"state", word}}, static_cast<double>(count));
  }
  return family;
}

MetricFamily refusals_family(const transport::zmq::link_counts& counts) {
  auto family =
      family_of("troupe_link_refusals_total",
                "Hellos refused, by the side that refused and its reason.", MetricType::Counter);
  for (std::size_t i = 1; i <= transport::zmq::refusal_reasons; ++i) {
    const auto reason = static_cast<refusal_reason>(i);
    const std::string word{to_string(reason)};
    add(family, {{"by", "us"}, {"reason", word}},
        static_cast<double>(counts.refused_by_us[reason]));
    add(family, {{"by", "peer"}, {"reason", word}},
        static_cast<double>(counts.refused_by_peer[reason]));
  }
  return family;
}

MetricFamily dropped_family(const transport::zmq::link_counts& counts) {
  auto family =
      family_of("troupe_link_frames_dropped_total",
                "Frames that came over links and were not used, by reason.", MetricType::Counter);
  const std::pair<const char*, std::uint64_t> reasons[] = {{"unknown_token", counts.unknown_token},
                                                           {"malformed", counts.malformed},
                                                           {"late", counts.late}};
  for (const auto& [reason, count] : reasons) {
    add(family, {{"reason", reason}}, static_cast<double>(count));
  }
  return family;
}

MetricFamily connections_family(const transport::zmq::link_counts& counts) {
  auto family =
      family_of("troupe_link_connections_refused_total",
                "Connections for links that came to nothing, by reason.", MetricType::Counter);
  const std::pair<const char*, std::uint64_t> reasons[] = {
      {"key", counts.refused_connections[connection_flaw::another_key]},
      {"handshake", counts.refused_connections[connection_flaw::no_handshake]},
      {"endless_message", counts.refused_connections[connection_flaw::endless_message]},
      {"by_peer", counts.failed_connections}};
  for (const auto& [reason, count] : reasons) {
    add(family, {{"reason", reason}}, static_cast<double>(count));
  }
  return family;
}

void append_links(std::vector<MetricFamily>& to, const cluster_figures& of) {
  using transport::link_status;
  to.push_back(
      by_peer(family_of("troupe_link_up", "1 where the link to the peer is up.", MetricType::Gauge),
              of, [](const link_status& link) { return link.up ? 1 : 0; }));
  to.push_back(by_peer(family_of("troupe_link_queued_bytes",
                                 "Bytes that wait to be sent to the peer.", MetricType::Gauge),
                       of, [](const link_status& link) { return link.queued_bytes; }));
  to.push_back(by_peer(
      family_of("troupe_link_records_sent_total", "Records sent to the peer.", MetricType::Counter),
      of, [](const link_status& link) { return link.sent; }));
  to.push_back(by_peer(family_of("troupe_link_records_received_total",
                                 "Records that came from the peer.", MetricType::Counter),
                       of, [](const link_status& link) { return link.received; }));
  to.push_back(by_peer(
      family_of("troupe_link_gaps_total", "Times that records of the peer were found to be lost.",
                MetricType::Counter),
      of, [](const link_status& link) { return link.gaps; }));
}

void append_counts(std::vector<MetricFamily>& to, const transport::zmq::link_counts& counts) {
  to.push_back(refusals_family(counts));
  to.push_back(connections_family(counts));
  to.push_back(dropped_family(counts));
  to.push_back(single("troupe_link_received_bytes_total", "Bytes that came over links.",
                      MetricType::Counter, counts.bytes_received));
}

void append_actors(std::vector<MetricFamily>& to, const transport::remote_counts& counts) {
  to.push_back(single("troupe_remote_messages_sent_total", "Messages sent to actors elsewhere.",
                      MetricType::Counter, counts.sent));
  to.push_back(single("troupe_remote_messages_delivered_total",
                      "Messages of other nodes handed to actors here.", MetricType::Counter,
                      counts.delivered));
  auto failed =
      family_of("troupe_remote_messages_failed_total",
                "Messages between nodes that reached no actor, by reason.", MetricType::Counter);
  const std::pair<const char*, std::uint64_t> reasons[] = {
      {"refused", counts.refused}, {"dead", counts.dead}, {"malformed", counts.malformed}};
  for (const auto& [reason, count] : reasons) {
    add(failed, {{"reason", reason}}, static_cast<double>(count));
  }
  to.push_back(std::move(failed));
  to.push_back(single("troupe_remote_requests_pending", "Requests to other nodes not answered yet.",
                      MetricType::Gauge, counts.pending));
  to.push_back(single("troupe_remote_actors_exported", "Actors here that other nodes know.",
                      MetricType::Gauge, counts.exported));
}

}  // namespace

std::vector<MetricFamily> cluster_families(const cluster_figures& of) {
  std::vector<MetricFamily> all{members_family(of)};
  append_links(all, of);
  if (of.counts != nullptr) append_counts(all, *of.counts);
  append_actors(all, of.actors);
  return all;
}

void cluster_metrics::begin(const transport::zmq::node_links& links,
                            const transport::remote_actors& actors) {
  std::lock_guard lock{mutex_};
  links_ = &links;
  actors_ = &actors;
}

void cluster_metrics::end() {
  std::lock_guard lock{mutex_};
  links_ = nullptr;
  actors_ = nullptr;
  members_.clear();
}

void cluster_metrics::know(std::vector<member_record> members) {
  std::lock_guard lock{mutex_};
  members_ = std::move(members);
}

std::vector<MetricFamily> cluster_metrics::Collect() const {
  std::lock_guard lock{mutex_};
  if (links_ == nullptr) return {};
  return cluster_families({links_->status(), members_, actors_->counts(), &links_->counts()});
}

}  // namespace troupe::apps
