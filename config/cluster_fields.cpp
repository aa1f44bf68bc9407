// The key table of what nodes of a cluster have: links, membership, placed actors.
#include "config/topology_fields.hpp"
#include "config/topology_rules.hpp"
#include "config/units.hpp"
#include "runtime/membership/member_record.hpp"

namespace troupe::config {

using namespace std::chrono_literals;

namespace {

// Visits an address that may be left out.
void listen_field(field_visitor& v, const field& f, std::string& address, std::uint16_t& port) {
  std::string listen = address.empty() ? "" : format_listen({address, port});
  v.text(f, text_form::listen, listen);
  if (auto parsed = parse_listen(listen)) {
    address = std::move(parsed->address);
    port = parsed->port;
  }
}

void labels_field(field_visitor& v, const field& f, label_map& labels) {
  v.text_map(f, text_form::name, labels);
  v.rule({f.key}, [&]() -> std::string {
    if (labels.size() <= member_limits::labels_max) return "";
    return "there are more than " + std::to_string(member_limits::labels_max);
  });
}

void roles_field(field_visitor& v, const field& f, std::vector<std::string>& roles) {
  v.texts(f, text_form::name, roles);
  v.rule({f.key}, [&]() -> std::string {
    if (roles.size() <= member_limits::roles_max) return "";
    return "there are more than " + std::to_string(member_limits::roles_max);
  });
}

void describe(field_visitor& v, member_times& times) {
  constexpr duration_range any_time{10ms, 1min};
  v.duration({"probe_interval", "Time between two probes of a node; each probes one other."},
             any_time, times.probe_interval);
  v.duration({"probe_timeout",
              "How long a node may be silent before it is a suspect, others having asked it, too."},
             any_time, times.probe_timeout);
  v.section({"suspicion", "How long a suspect may take to contradict before it counts as down."},
            [&] {
              v.duration({"min", "Where other nodes find it silent as well."}, any_time,
                         times.suspicion_min);
              v.duration({"max", "Where no other does."}, any_time, times.suspicion_max);
              v.rule({"max", "min"}, [&]() -> std::string {
                if (times.suspicion_min <= times.suspicion_max) return "";
                return "the longest time, " + format_duration(times.suspicion_max) +
                       ", is shorter than the shortest, " + format_duration(times.suspicion_min);
              });
            });
}

void describe_seeds(field_visitor& v, cluster_spec& cluster) {
  v.texts({"seeds",
           "Links of nodes that may be there, asked for all others; those of `dns` and `file` are "
           "added. With none of the three: the links of the nodes in this file."},
          text_form::peer, cluster.seeds);
  v.rule({"seeds"}, [&]() -> std::string {
    return cluster.seeds.size() <= seeds_max ? ""
                                             : "there are more than " + std::to_string(seeds_max);
  });
  v.section({"dns", "Seeds by a name, such as that of a headless service."}, [&] {
    v.text({"name", "The name; all its addresses are seeds.", true}, text_form::host,
           cluster.dns_name);
    v.count({"port", "Port of their links."}, {1, 65'535}, cluster.dns_port);
  });
  v.text({"file", "Seeds in a file, HOST:PORT a line."}, text_form::path, cluster.seeds_file);
}

}  // namespace

void describe(field_visitor& v, cluster_spec& cluster) {
  v.text({"name", "Nodes link only with nodes of the same cluster name."}, text_form::name,
         cluster.name);
  listen_field(v,
               {"listen",
                "Where each node listens for links from the others; beyond this machine it needs a "
                "`key`. Port 0 is any free one."},
               cluster.address, cluster.port);
  describe_seeds(v, cluster);
  v.text({"key",
          "File of the key that nodes prove to each other that they belong together, and encrypt "
          "with (CURVE), the same on each node; `troupe keygen FILE` makes one. Empty: links are "
          "open to whoever reaches them."},
         text_form::path, cluster.key);
  v.flag({"insecure", "`true` lets links without a `key` listen beyond this machine."},
         cluster.insecure);
  v.rule({"listen", "key", "insecure"},
         [&] { return open_link_mistake(cluster, cluster.address, "key"); });
  v.section({"membership", "How fast nodes that fail are found."},
            [&] { describe(v, cluster.membership); });
}

void describe(field_visitor& v, member_spec& member, const cluster_spec& cluster) {
  labels_field(v, {"labels", "What the node is like, such as {zone: a}; up to 8."}, member.labels);
  roles_field(v,
              {"roles",
               "What the node is for; up to 8. Left out: `router` and `engine`, each where it has "
               "such an actor."},
              member.roles);
  v.count({"weight", "Share of the placed actors it gets, beside the weights of the others."},
          {1, member_limits::weight_max}, member.weight);
  v.section({"link", "Where other nodes reach this one."}, [&] {
    listen_field(v, {"listen", "Address and port; left out: `cluster.listen`."}, member.address,
                 member.port);
    v.text({"advertise",
            "HOST:PORT under which others reach it; left out: where it listens. Needed where that "
            "is every interface."},
           text_form::peer, member.advertise);
    v.rule({"listen"}, [&]() -> std::string {
      if (member.address.empty()) return "";
      return open_link_mistake(cluster, member.address, "cluster.key");
    });
  });
}

void describe(field_visitor& v, place_spec& place) {
  roles_field(v, {"roles", "Roles that a node must have, all of them. Left out: [engine]."},
              place.roles);
  labels_field(v, {"labels", "Labels that a node must have, all of them."}, place.labels);
  v.count({"per_node", "At most so many on one node; 0: no bound."}, {0, 1'024},
          place.per_node_max);
  v.section({"spread", "Keeps them apart by a label of the nodes, such as `zone`."}, [&] {
    v.text({"label", "The label; nodes without it get none.", true}, text_form::name,
           place.spread_label);
    v.count({"max", "At most so many on the nodes of one value."}, {1, 1'024}, place.per_value_max);
  });
}

}  // namespace troupe::config
