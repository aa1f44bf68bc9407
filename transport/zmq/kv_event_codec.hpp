// KV events as MessagePack, the way vLLM puts them on the wire, and back.
//
// The decoder goes by shape, as publishers differ: a batch is an array or a map; an event is a map
// with a "type", or an array whose first element is the type; a hash is a number or bytes; fields
// may be missing and unknown ones are passed over, as are events of an unknown type, counted.
// Bounds: kv_decode_limits.
// Errors: protocol_error, with event and field named.
// Source: vLLM 0.32, distributed/kv_events.py (msgspec structs); 0.10 for the arrays.
#pragma once

#include <string>
#include <string_view>

#include "runtime/errc.hpp"
#include "transport/zmq/kv_event.hpp"
#include "transport/zmq/kv_event_limits.hpp"

namespace troupe::transport::zmq {

// How the encoder writes events: as maps (vLLM since 0.17) or as arrays (before).
enum class kv_event_form { maps, arrays };

// Reads one message's payload.
caf::expected<kv_event_batch> decode_kv_events(std::string_view payload,
                                               const kv_decode_limits& limits = {});

// Writes one message's payload.
std::string encode_kv_events(const kv_event_batch& batch, kv_event_form form = kv_event_form::maps);

}  // namespace troupe::transport::zmq
