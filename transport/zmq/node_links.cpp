#include "transport/zmq/node_links.hpp"

#include <future>
#include <utility>

#include "transport/zmq/link_home.hpp"

namespace troupe::transport::zmq {

caf::expected<std::unique_ptr<node_links>> node_links::open(io_thread& home, node_description self,
                                                            link_options options,
                                                            link_listener& listener) {
  auto served = link_home::open(home, std::move(self), std::move(options), listener);
  if (!served) return served.error();
  home.post([served = *served] { served->start(); });
  return std::unique_ptr<node_links>{new node_links{home, std::move(*served)}};
}

node_links::node_links(io_thread& home, std::shared_ptr<link_home> served)
    : home_{home}, served_{std::move(served)} {}

node_links::~node_links() {
  if (home_.is_current()) {
    served_->close();
    return;
  }
  std::promise<void> closed;
  auto done = closed.get_future();
  home_.post([served = served_, closed = std::move(closed)]() mutable {
    served->close();
    closed.set_value();
  });
  done.wait();
}

const node_description& node_links::self() const {
  return served_->self();
}

peer_link_ptr node_links::reach(const node_description& node) {
  return served_->reach(node).link;
}

void node_links::send_letter(const std::string& endpoint, std::string_view bytes) {
  served_->send_letter(endpoint, bytes);
}

void node_links::end(const node_id& node, const caf::error& reason) {
  served_->end(node, reason);
}

std::vector<link_status> node_links::status() const {
  return served_->status();
}

const link_counts& node_links::counts() const {
  return served_->counts();
}

}  // namespace troupe::transport::zmq
