// What /metrics says of a cluster: its members, the links to them, and the actors behind them.
//
// Everything is copied out at the scrape; where the node is in no cluster there are no series.
// Counters begin anew with each incarnation of the node, as after a restart.
//
// Thread: any, locked; a scrape holds the lock while it copies, one entry a link.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "runtime/membership/member_record.hpp"
#include "transport/links/links.hpp"
#include "transport/links/remote_actors.hpp"
#include "transport/zmq/link_counts.hpp"
#include "transport/zmq/node_links.hpp"

namespace troupe::apps {

// What is measured, at one moment.
struct cluster_figures {
  std::vector<transport::link_status> links;
  std::vector<member_record> members;  // the others
  transport::remote_counts actors;
  const transport::zmq::link_counts* counts = nullptr;
};

// Renders them as families of series.
std::vector<prometheus::MetricFamily> cluster_families(const cluster_figures& of);

class cluster_metrics final : public prometheus::Collectable {
 public:
  // Sets what is measured. Both must outlive the call of end().
  void begin(const transport::zmq::node_links& links, const transport::remote_actors& actors);
  void end();

  // Takes the members as membership knows them now.
  void know(std::vector<member_record> members);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  mutable std::mutex mutex_;
  const transport::zmq::node_links* links_ = nullptr;
  const transport::remote_actors* actors_ = nullptr;
  std::vector<member_record> members_;
};

}  // namespace troupe::apps
