#include "config/topology_change.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "config/topology_fields.hpp"

namespace troupe::config {

namespace {

std::map<std::string, engine_spec> engines_by_name(const node_spec& node) {
  std::map<std::string, engine_spec> found;
  for (const engine_spec& group : node.engines) {
    for (engine_spec& engine : single_engines(group)) {
      std::string name = engine.name;
      found.emplace(std::move(name), std::move(engine));
    }
  }
  return found;
}

void compare_engines(const node_spec& from, const node_spec& to, topology_change& change) {
  const auto before = engines_by_name(from);
  for (const auto& [name, engine] : engines_by_name(to)) {
    const auto was = before.find(name);
    if (was == before.end()) {
      change.added.push_back(engine);
    } else if (!is_same_engine(was->second, engine)) {
      change.replaced.push_back(engine);
    } else if (was->second != engine) {
      change.resettled.push_back(engine);
    }
  }
  const auto after = engines_by_name(to);
  for (const auto& [name, engine] : before) {
    if (!after.contains(name)) change.removed.push_back(name);
  }
}

name_changes compare_keys(const std::vector<api_key_spec>& from,
                          const std::vector<api_key_spec>& to) {
  const auto named = [](const auto& keys, const std::string& name) {
    return std::find_if(keys.begin(), keys.end(),
                        [&](const api_key_spec& key) { return key.name == name; });
  };
  name_changes change;
  for (const api_key_spec& key : to) {
    const auto was = named(from, key.name);
    if (was == from.end()) {
      change.added.push_back(key.name);
    } else if (*was != key) {
      change.changed.push_back(key.name);
    }
  }
  for (const api_key_spec& key : from) {
    if (named(to, key.name) == to.end()) change.removed.push_back(key.name);
  }
  return change;
}

// A listener that speaks TLS has a certificate.
bool is_sealed(const endpoint_spec& endpoint) {
  return !endpoint.tls.certificate.empty();
}

// True where something differs that a running router takes over.
bool router_differs(router_spec a, const router_spec& b) {
  a.limits.index_blocks_max = b.limits.index_blocks_max;
  return a != b;
}

}  // namespace

bool is_same_engine(engine_spec a, const engine_spec& b) {
  a.weight = b.weight;
  a.requests_max = b.requests_max;
  return a == b;
}

void compare_shared(const topology& from, const topology& to, topology_change& change) {
  if (from.cluster != to.cluster) {
    change.needs_start.emplace_back("cluster");
  } else {
    change.placed = from.placed != to.placed;
  }
}

bool topology_change::empty() const {
  return added.empty() && replaced.empty() && resettled.empty() && removed.empty() && !router &&
         !stream && !tls && !placed && api_keys.empty() && needs_start.empty();
}

std::vector<engine_spec> single_engines(const engine_spec& group) {
  std::vector<engine_spec> engines;
  for (const std::string& name : engine_names(group)) {
    engines.push_back(group);
    engines.back().name = name;
    engines.back().count = 1;
  }
  return engines;
}

topology_change difference(const node_spec& from, const node_spec& to) {
  topology_change change;
  compare_engines(from, to, change);
  change.router = router_differs(from.router, to.router);
  change.stream = from.stream != to.stream;
  const endpoint_spec &was = from.endpoint, &is = to.endpoint;
  const bool seals_alike = is_sealed(was) == is_sealed(is);
  change.tls = seals_alike && was.tls != is.tls;
  change.api_keys = compare_keys(was.api_keys, is.api_keys);
  const auto started_with = [&](bool is_same, const char* key) {
    if (!is_same) change.needs_start.emplace_back(key);
  };
  started_with(from.name == to.name, "the node's name");
  started_with(from.member == to.member, "labels, roles, weight and link");
  started_with(was.address == is.address && was.port == is.port, "endpoint.listen");
  started_with(was.threads == is.threads, "endpoint.threads");
  started_with(was.limits == is.limits, "endpoint.limits");
  started_with(seals_alike, "endpoint.tls");
  started_with(from.admin == to.admin, "admin");
  started_with(from.log == to.log, "log");
  started_with(from.supervisor == to.supervisor, "supervisor");
  started_with(from.client == to.client, "client");
  started_with(from.router.limits.index_blocks_max == to.router.limits.index_blocks_max,
               "router.limits.index_blocks");
  return change;
}

}  // namespace troupe::config
