#include "transport/links/peer_handles.hpp"

#include "transport/links/remote_actor.hpp"

namespace troupe::transport {

namespace {

enum class tag : std::uint8_t { null, sender, receiver, third };

}  // namespace

void peer_handles::write(wire_writer& out, const caf::strong_actor_ptr& actor) {
  if (actor == nullptr) {
    out(tag::null);
    return;
  }
  std::uint64_t number = actor->id();
  auto* stand_in = remote_actor::of(actor);
  if (stand_in == nullptr) {
    exported_.add(actor);
    auto at = tag::sender;
    out(at, number);
  } else if (stand_in->home().get() == &peer_) {
    auto at = tag::receiver;
    out(at, number);
  } else {
    auto at = tag::third;
    auto node = stand_in->home()->link()->node();
    out(at, node.id.name, node.id.incarnation, node.endpoint, number);
  }
}

caf::strong_actor_ptr peer_handles::read(wire_reader& in) {
  auto at = tag::null;
  in(at);
  if (in.failed() || at == tag::null) return nullptr;
  if (at == tag::third) return read_third(in);
  std::uint64_t number = 0;
  in(number);
  if (in.failed()) return nullptr;
  if (at == tag::sender) return peer_.actor(number);
  if (at == tag::receiver) return exported_.find(number);
  in.fail();
  return nullptr;
}

caf::strong_actor_ptr peer_handles::read_third(wire_reader& in) {
  member_record record;
  std::uint64_t number = 0;
  in(record.node.id.name, record.node.id.incarnation, record.node.endpoint, number);
  if (in.failed() || !flaw(record).empty()) {
    in.fail();
    return nullptr;
  }
  const auto node = third_(record.node);
  return node != nullptr ? node->actor(number) : nullptr;
}

}  // namespace troupe::transport
