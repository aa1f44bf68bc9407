// The names under which a node's actors are published in its registry.
#pragma once

#include <string>

namespace troupe::actors {

inline constexpr const char* router_name = "router";

// The router of another node.
inline std::string router_name_of(const std::string& node) {
  return std::string{router_name} + "@" + node;
}

// True for the name of a router, of whichever node.
inline bool is_router_name(const std::string& name) {
  return name == router_name || name.starts_with(router_name_of(""));
}

// The proxy of an engine.
inline std::string proxy_name(const std::string& engine) {
  return "engine/" + engine + "/proxy";
}

// The process of an embedded engine.
inline std::string process_name(const std::string& engine) {
  return "engine/" + engine + "/process";
}

// True for the name of a proxy.
inline bool is_proxy_name(const std::string& name) {
  return name.starts_with("engine/") && name.ends_with("/proxy");
}

}  // namespace troupe::actors
