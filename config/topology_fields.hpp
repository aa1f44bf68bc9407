// The key table of the configuration file: every field, its range, its default and its meaning.
//
// To add a field: a member in topology.hpp or limits.hpp, a line here, then
// `troupe schema > config/topology.schema.json` and the reference; tests compare all of them.
#pragma once

#include "config/field_visitor.hpp"
#include "config/topology.hpp"

namespace troupe::config {

// The only version of the file format there is, the value of the key `troupe`.
inline constexpr std::uint64_t format_version = 1;

// Visits all fields of a file. The reader fills `value`; other visitors read defaults from it.
void describe(field_visitor& v, topology& value);

void describe(field_visitor& v, http_limits& limits);
void describe(field_visitor& v, client_limits& limits);
void describe(field_visitor& v, router_limits& limits);
void describe(field_visitor& v, admission_limits& limits);
void describe(field_visitor& v, stream_limits& limits);
void describe(field_visitor& v, engine_limits& limits);

void describe(field_visitor& v, cluster_spec& cluster);
void describe(field_visitor& v, member_spec& member, const cluster_spec& cluster);
void describe(field_visitor& v, place_spec& place);

void describe(field_visitor& v, endpoint_spec& endpoint);
void describe(field_visitor& v, admin_spec& admin);
void describe(field_visitor& v, router_spec& router);
void describe(field_visitor& v, session_spec& session);
void describe(field_visitor& v, supervisor_spec& supervisor);
void describe(field_visitor& v, log_spec& log);
void describe(field_visitor& v, engine_spec& engine);

// The names of the engines a group stands for: name, or name-0, name-1, …
std::vector<std::string> engine_names(const engine_spec& group);

}  // namespace troupe::config
