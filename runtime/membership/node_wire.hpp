// The wire form of node_id and node_description, as part of messages.
#pragma once

#include "runtime/membership/member_record.hpp"
#include "runtime/wire_bytes.hpp"

namespace troupe {

// Writes name and incarnation.
void write_id(wire_writer& out, const node_id& id);
node_id read_id(wire_reader& in);

// Writes a description. REQUIRES: it is within member_limits.
void write_node(wire_writer& out, const node_description& node);

// Reads it; the reader notes what is out of order; `flaw` judges the rest.
node_description read_node(wire_reader& in);

}  // namespace troupe
