// Actors of other nodes, as if they were here: handles, requests, monitors and links over `links`.
//
// `node_server(node)` is where it begins: a handle to the node_server of any node, which finds
// actors by name and starts new ones. Every further handle comes in a message, from third nodes
// too. What a handle is used for, then:
// - send, request, delegate: the message travels. A request is answered with an error where its
//   receiver has ended (caf::sec::request_receiver_down), its node is gone or messages to it were
//   lost (errc::connection_lost), too much waits for that node (errc::overloaded), or it cannot
//   travel (errc::unsupported, errc::payload_too_large). Messages that are no requests are counted
//   and logged where they cannot be sent; remote_backlog() tells a sender before.
// - monitor, link: down and exit messages come when the actor ends, or, with
//   caf::exit_reason::remote_link_unreachable, when its node does.
//
// Delivery is at most once, in order between two actors.
//
// Thread: any; what comes in is delivered on the thread of the links.
// Bounds: pending_requests, remote_node, and those of the links.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <caf/actor_control_block.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include "runtime/registry.hpp"
#include "transport/links/actor_record.hpp"
#include "transport/links/exported_actors.hpp"
#include "transport/links/links.hpp"
#include "transport/links/pending_requests.hpp"
#include "transport/links/remote_node.hpp"

namespace troupe::transport {

class message_catalogue;

// Starts an actor for another node. Errors: whatever is wrong with the arguments.
using actor_factory =
    std::function<caf::expected<caf::strong_actor_ptr>(const std::string& arguments)>;

struct remote_counts {
  std::uint64_t sent = 0;       // messages
  std::uint64_t delivered = 0;  // messages
  std::uint64_t refused = 0;    // not sent: backlog, size or kind
  std::uint64_t dead = 0;       // came for an actor that has ended
  std::uint64_t malformed = 0;  // records that could not be read
  std::uint64_t pending = 0;    // requests without an answer, now
  std::uint64_t exported = 0;   // actors whose handles other nodes have seen, now
};

class remote_actors final : public link_listener,
                            public std::enable_shared_from_this<remote_actors> {
 public:
  // All by reference, to outlive this object's use.
  struct parts {
    caf::actor_system& system;
    const message_catalogue& catalogue;
    const registry& names;                         // whom get_actor finds
    std::map<std::string, actor_factory> kinds{};  // whom spawn_actor starts
  };
  static std::shared_ptr<remote_actors> make(parts p);
  ~remote_actors() override;

  // Sets the carrier, before anything is sent.
  void attach(std::shared_ptr<links> carrier);

  // Returns the node_server of a node; null where its incarnation has ended. It need not be linked
  // yet: messages wait for it.
  caf::strong_actor_ptr node_server(const node_description& node);

  // Lets all links' actors go: nothing is sent or delivered any more. Call it before the system
  // stops, on the listener's thread or when that calls no more.
  void close();

  caf::actor_system& system() const { return parts_.system; }
  remote_counts counts() const;

  // ---- link_listener ----
  void linked(const peer_link_ptr& peer) override;
  void received(const peer_link_ptr& peer, lane where, std::string_view record,
                std::span<const shared_bytes> blobs) override;
  void gap(const peer_link_ptr& peer, lane where) override;
  void ended(const peer_link_ptr& peer, const caf::error& reason) override;
  void heard(const peer_link_ptr&) override {}
  void connected(const peer_link_ptr&) override {}
  void disconnected(const peer_link_ptr&) override {}
  void letter(std::string_view) override {}

  // ---- for remote_node ----
  void send(remote_node& to, caf::actor_id actor, caf::mailbox_element& what,
            caf::execution_unit* unit);
  send_result send_record(remote_node& to, lane where, record_kind kind, caf::actor_id actor);
  void tell_link_later(std::shared_ptr<remote_node> to, caf::actor_id actor,
                       const caf::strong_actor_ptr& other, bool linked);
  void tell_link(remote_node& to, caf::actor_id actor, const caf::strong_actor_ptr& other,
                 bool linked);

 private:
  class handles;
  explicit remote_actors(parts p);

  std::shared_ptr<remote_node> node_of(const peer_link_ptr& link);
  std::shared_ptr<remote_node> reach(const node_description& node);
  caf::strong_actor_ptr local_actor(caf::actor_id id) const;

  void take_message(class wire_reader& in);
  void take_exit(class wire_reader& in);
  void take_link(remote_node& from, class wire_reader& in, bool linked);
  void take_lost(remote_node& from, class wire_reader& in);
  void take_control(remote_node& from, record_kind kind, class wire_reader& in);
  void malformed(remote_node& from, std::string_view what);
  void refuse(const caf::mailbox_element& what, const caf::error& reason,
              caf::execution_unit* unit);
  void fail_pending(const peer_link_ptr& peer, const caf::error& reason);

  const parts parts_;
  std::shared_ptr<links> carrier_;
  std::shared_ptr<exported_actors> exported_;
  pending_requests pending_;
  caf::strong_actor_ptr server_;

  mutable std::mutex mutex_;
  bool closed_ = false;
  std::map<const peer_link*, std::shared_ptr<remote_node>> nodes_;
  std::shared_ptr<remote_node> last_from_;  // whose record came last; of the listener's thread

  std::atomic<std::uint64_t> sent_{0}, delivered_{0}, refused_{0}, dead_{0}, malformed_{0};
};

// Returns the bytes that wait to be sent to the node of an actor; 0 where it is local. A sender
// that can slow down does so long before links refuse messages.
std::size_t remote_backlog(const caf::strong_actor_ptr& actor);

}  // namespace troupe::transport
