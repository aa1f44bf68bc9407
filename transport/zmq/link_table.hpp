// The links of a node by the names of its peers, and which incarnations have ended.
//
// Thread: any.
// Bounds: `peers_max` links; of ended incarnations the latest of `fences_max` names.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "transport/zmq/zmq_link.hpp"

namespace troupe::transport::zmq {

class link_table {
 public:
  static constexpr std::size_t fences_max = 4'096;

  using maker = std::function<caf::expected<zmq_link_ptr>()>;

  // `link` is null where the incarnation has ended, there are too many links, or none can be made.
  // `replaced` is the link of an earlier incarnation that this one ends, already marked.
  struct found {
    zmq_link_ptr link{};
    zmq_link_ptr replaced{};
    bool is_new = false;
    refusal_reason why_not = refusal_reason::ended;
  };

  explicit link_table(std::size_t peers_max) : peers_max_{peers_max} {}

  // Returns the link to an incarnation, made where there is none.
  found reach(const node_id& node, const maker& make);

  // Takes the link of an incarnation out for good, and marks it; null where there is none.
  zmq_link_ptr end(const node_id& node);

  // Returns the link whose peer listens at an endpoint; null where there is none.
  zmq_link_ptr at(const std::string& endpoint) const;

  // Returns the link to an incarnation; null where there is none.
  zmq_link_ptr find(const node_id& node) const;

  std::vector<zmq_link_ptr> all() const;

  // Links whose sockets are open, ended ones included, until `closed` names them.
  std::vector<zmq_link_ptr> opened() const;
  void closed(const zmq_link_ptr& link);

 private:
  void fence(const node_id& node);

  const std::size_t peers_max_;
  mutable std::mutex mutex_;
  std::map<std::string, zmq_link_ptr> links_;
  std::set<zmq_link_ptr> opened_;
  std::map<std::string, std::uint64_t> ended_;  // the highest that has
};

}  // namespace troupe::transport::zmq
