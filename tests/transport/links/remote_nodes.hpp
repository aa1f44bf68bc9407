// Nodes of one test in one thread: each an actor system with virtual time, joined in memory.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/ask.hpp"
#include "runtime/registry.hpp"
#include "tests/runtime/worlds.hpp"
#include "tests/transport/links/memory_network.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/links/node_messages.hpp"
#include "transport/links/remote_actors.hpp"

namespace troupe::testing {

using numbers = std::vector<std::int64_t>;

inline const transport::message_catalogue& test_catalogue() {
  static const auto catalogue = [] {
    transport::message_catalogue made;
    made.add<>("()");
    made.add<caf::error>("(error)");
    made.add<std::string>("(text)");
    made.add<std::int64_t>("(number)");
    made.add<shared_bytes>("(bytes)");
    transport::add_node_messages(made);
    return made;
  }();
  return catalogue;
}

struct remote_world {
  remote_world(memory_network& network, node_description self,
               std::map<std::string, transport::actor_factory> kinds = {})
      : actors{transport::remote_actors::make(
            {world.system, test_catalogue(), names, std::move(kinds)})},
        carrier{network, std::move(self), *actors} {
    actors->attach({std::shared_ptr<void>{}, &carrier});  // not owned
  }

  // Like a process that is killed: nobody is told.
  ~remote_world() {
    actors->close();
    names.erase("it");
    for (auto& each : keep) caf::anon_send_exit(each, caf::exit_reason::kill);
  }

  template <class... Ts>
  caf::actor spawn(Ts&&... xs) {
    auto made = world.system.spawn(std::forward<Ts>(xs)...);
    keep.push_back(made);
    return made;
  }

  registry names;
  sim_world world;
  std::shared_ptr<transport::remote_actors> actors;
  memory_links carrier;
  std::vector<caf::actor> keep;
};

class remote_nodes : public ::testing::Test {
 public:
  remote_world& start(const std::string& name, std::uint64_t incarnation = 1,
                      std::map<std::string, transport::actor_factory> kinds = {}) {
    auto& place = nodes[name];
    place.reset();
    place = std::make_unique<remote_world>(network, describe(name, incarnation), std::move(kinds));
    return *place;
  }

  static node_description describe(const std::string& name, std::uint64_t incarnation = 1) {
    node_description node;
    node.id = {name, incarnation};
    node.endpoint = "memory:" + name;
    return node;
  }

  // Runs everybody until nothing is left to do.
  void settle() {
    for (bool again = true; again;) {
      for (auto& [name, node] : nodes) {
        if (node != nullptr) node->world.run();
      }
      again = network.deliver();
    }
  }

  void advance(std::chrono::milliseconds by) {
    for (auto& [name, node] : nodes) node->world.advance(by);
    settle();
  }

  // Returns a handle at `here` of the actor that `there` calls "it".
  caf::actor find(const std::string& here, const std::string& there,
                  const std::string& name = "it") {
    return request<caf::strong_actor_ptr>(here, server(here, there), transport::get_actor{name});
  }

  caf::actor server(const std::string& here, const std::string& there,
                    std::uint64_t incarnation = 1) {
    return caf::actor_cast<caf::actor>(
        nodes.at(here)->actors->node_server(describe(there, incarnation)));
  }

  // Asks as an actor of `here`, lets everything run, and returns the answer.
  template <class T, class Message>
  caf::actor request(const std::string& here, const caf::actor& whom, Message message) {
    const auto got = answer<T>(here, whom, std::move(message));
    return got ? caf::actor_cast<caf::actor>(*got) : caf::actor{};
  }

  template <class T, class Message>
  caf::expected<T> answer(const std::string& here, const caf::actor& whom, Message message) {
    auto kept = std::make_shared<caf::expected<T>>(make_failure(errc::timeout, "nothing came"));
    begin<T>(here, whom, std::move(message), kept);
    settle();
    return *kept;
  }

  // The same without running anything.
  template <class T, class Message>
  void begin(const std::string& here, const caf::actor& whom, Message message,
             std::shared_ptr<caf::expected<T>> kept) {
    nodes.at(here)->world.system.spawn(
        [whom, message = std::move(message), kept](caf::event_based_actor* self) {
          ask(
              self, whom, std::chrono::seconds{5}, message, [kept](const T& got) { *kept = got; },
              [kept](const caf::error& error) { *kept = error; });
        });
  }

  memory_network network;
  std::map<std::string, std::unique_ptr<remote_world>> nodes;
};

// Answers a text with itself, a number with its double, bytes with their count.
inline caf::behavior echo(caf::event_based_actor*) {
  return {[](std::string& text) { return std::move(text); },
          [](std::int64_t number) { return 2 * number; },
          [](const shared_bytes& bytes) { return static_cast<std::int64_t>(bytes.size()); }};
}

}  // namespace troupe::testing
