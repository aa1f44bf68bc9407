// What nodes say to each other about actors, one record each.
//
// | record | lane | body | what it is |
// | --- | --- | --- | --- |
// | message | data | actor, message id, sender, kind, elements | for an actor's mailbox |
// | exit | data | actor, source, reason | an exit message, sent by hand |
// | watch | control | actor | tell me when it ends |
// | unwatch | control | actor | no longer |
// | down | control | actor, reason | it has ended |
// | link | control | actor, other | `other` is linked to it |
// | unlink | control | actor, other | no longer |
// | lost | control | lane | records of yours on this lane never came |
//
// All begin with the kind, u8, and with the receiving node's or the sender's actor number, u64.
// Actor number 0 is the node_server of a node.
#pragma once

#include <cstdint>

namespace troupe::transport {

enum class record_kind : std::uint8_t {
  message = 1,
  exit,
  watch,
  unwatch,
  down,
  link,
  unlink,
  lost
};

}  // namespace troupe::transport
