#include "bench/messages/bench_node.hpp"

#include <cstdio>
#include <cstdlib>

#include <caf/actor_cast.hpp>

#include "runtime/errc.hpp"
#include "transport/links/node_messages.hpp"

namespace troupe::bench {

namespace {

using transport::zmq::link_options;
using transport::zmq::node_links;

transport::message_catalogue bench_catalogue() {
  transport::message_catalogue kinds;
  kinds.add<>("()");
  kinds.add<caf::error>("error");
  kinds.add<std::string>("payload");
  kinds.add<std::uint32_t, std::string>("number,payload");
  kinds.add<shared_bytes>("bytes");
  kinds.add<std::uint32_t, shared_bytes>("number,bytes");
  kinds.add<std::uint64_t>("count");
  transport::add_node_messages(kinds);
  return kinds;
}

}  // namespace

void give_up(const caf::error& why) {
  std::fprintf(stderr, "troupe: %s\n", failure_text(why).c_str());
  std::exit(1);
}

bench_node::bench_node(const std::string& name,
                       const std::optional<transport::zmq::cluster_key>& key)
    : kinds_{bench_catalogue()}, actors{transport::remote_actors::make({system, kinds_, names})} {
  link_options options;
  options.key = key;
  auto opened = node_links::open(io_scheduler::of(system)->thread(0),
                                 {{name, 1}, "tcp://127.0.0.1:0", {}, {}}, options, *actors);
  if (!opened) give_up(opened.error());
  links_ = std::move(*opened);
  actors->attach({std::shared_ptr<void>{}, links_.get()});  // not owned
}

std::uint16_t bench_node::port() const {
  const auto& endpoint = links_->self().endpoint;
  return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

caf::actor bench_node::server_at(std::uint16_t port) const {
  return caf::actor_cast<caf::actor>(
      actors->node_server({{"server", 1}, "tcp://127.0.0.1:" + std::to_string(port), {}, {}}));
}

}  // namespace troupe::bench
