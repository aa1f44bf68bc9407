// Links in memory: nodes of one test, in one thread, joined by queues the test empties.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "transport/links/links.hpp"

namespace troupe::testing {

class memory_network;

// The links of one node.
class memory_links final : public transport::links {
 public:
  memory_links(memory_network& network, node_description self, transport::link_listener& listener);
  ~memory_links() override;

  const node_description& self() const override { return self_; }
  transport::peer_link_ptr reach(const node_description& node) override;
  void send_letter(const std::string&, std::string_view) override {}
  void end(const node_id& node, const caf::error& reason) override;
  std::vector<transport::link_status> status() const override { return {}; }

 private:
  friend class memory_network;
  class one_link;

  transport::peer_link_ptr meet(const node_description& node);

  memory_network& network_;
  node_description self_;
  transport::link_listener& listener_;
  std::map<node_id, std::shared_ptr<one_link>> links_;
  std::set<node_id> ended_;
};

class memory_network {
 public:
  // Bytes that may wait in a lane.
  std::size_t queued_bytes_max = 1024 * 1024;

  // Delivers what waits, once round; false if nothing did.
  bool deliver();

  // Loses what `from` sends `to` until it is mended; what was lost is told as a gap after that.
  void cut(const std::string& from, const std::string& to) { cuts_.emplace(from, to); }
  void mend(const std::string& from, const std::string& to) { cuts_.erase({from, to}); }

  // Holds back what `from` sends `to`.
  void hold(const std::string& from, const std::string& to) { held_.emplace(from, to); }
  void let_go(const std::string& from, const std::string& to) { held_.erase({from, to}); }

 private:
  friend class memory_links;

  bool deliver(memory_links& from, memory_links::one_link& link);

  std::map<std::string, memory_links*> nodes_;  // by endpoint
  std::set<std::pair<std::string, std::string>> cuts_, held_;
};

}  // namespace troupe::testing
