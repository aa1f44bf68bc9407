// How handles travel to and from one peer: by number, and by name of the node where it is a third.
//
// | tag, u8 | then | whose actor |
// | --- | --- | --- |
// | 0 | - | nobody's: the null handle |
// | 1 | number u64 | the sending node's |
// | 2 | number u64 | the receiving node's |
// | 3 | name, incarnation u64, endpoint, number u64 | a third node's |
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "transport/links/exported_actors.hpp"
#include "transport/links/remote_node.hpp"
#include "transport/links/wire.hpp"

namespace troupe::transport {

class peer_handles final : public handle_mapper {
 public:
  // Returns a third node, null where its incarnation has ended.
  using finder = std::function<std::shared_ptr<remote_node>(const node_description&)>;

  // All by reference, to outlive this object.
  peer_handles(remote_node& peer, exported_actors& exported, const finder& third)
      : peer_{peer}, exported_{exported}, third_{third} {}

  void write(wire_writer& out, const caf::strong_actor_ptr& actor) override;
  caf::strong_actor_ptr read(wire_reader& in) override;

 private:
  caf::strong_actor_ptr read_third(wire_reader& in);

  remote_node& peer_;
  exported_actors& exported_;
  const finder& third_;
};

// For records that hold no handle.
class no_handles final : public handle_mapper {
 public:
  void write(wire_writer& out, const caf::strong_actor_ptr&) override { out(std::uint8_t{0}); }
  caf::strong_actor_ptr read(wire_reader&) override { return nullptr; }
};

}  // namespace troupe::transport
