// The names under which a node's actors are published in its registry.
#pragma once

#include <string>
#include <string_view>

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

// The engine of a proxy. REQUIRES: is_proxy_name(name).
inline std::string engine_of_proxy(std::string_view name) {
  name.remove_prefix(std::string_view{"engine/"}.size());
  name.remove_suffix(std::string_view{"/proxy"}.size());
  return std::string{name};
}

}  // namespace troupe::actors
