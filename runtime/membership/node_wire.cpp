#include "runtime/membership/node_wire.hpp"

#include <utility>

namespace troupe {

namespace {

void read_labels(wire_reader& in, node_description& node) {
  const auto count = in.number<std::uint8_t>();
  in.check(count <= member_limits::labels_max, "a node has too many labels");
  for (std::size_t i = 0; in.good() && i < count; ++i) {
    auto key = in.text();
    const bool grows = node.labels.empty() || node.labels.rbegin()->first < key;
    in.check(grows, "labels are not in order");
    node.labels.emplace(std::move(key), in.text());
  }
}

}  // namespace

void write_id(wire_writer& out, const node_id& id) {
  out.text(id.name);
  out.number(id.incarnation);
}

node_id read_id(wire_reader& in) {
  node_id id;
  id.name = in.text();
  id.incarnation = in.number<std::uint64_t>();
  return id;
}

void write_node(wire_writer& out, const node_description& node) {
  write_id(out, node.id);
  out.text(node.endpoint);
  out.number(static_cast<std::uint8_t>(node.labels.size()));
  for (const auto& [key, label] : node.labels) {
    out.text(key);
    out.text(label);
  }
  out.number(static_cast<std::uint8_t>(node.roles.size()));
  for (const auto& role : node.roles) out.text(role);
  out.number(node.protocol);
  out.number(node.weight);
}

node_description read_node(wire_reader& in) {
  node_description node;
  node.id = read_id(in);
  node.endpoint = in.text();
  read_labels(in, node);
  const auto roles = in.number<std::uint8_t>();
  in.check(roles <= member_limits::roles_max, "a node has too many roles");
  for (std::size_t i = 0; in.good() && i < roles; ++i) node.roles.push_back(in.text());
  node.protocol = in.number<std::uint16_t>();
  node.weight = in.number<std::uint16_t>();
  return node;
}

}  // namespace troupe
