// The routers of all nodes a registry knows, looked up again only where it has changed.
//
// Thread: one at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "actors/messages.hpp"
#include "actors/names.hpp"
#include "runtime/registry.hpp"

namespace troupe::actors {

class router_handles {
 public:
  // The registry must outlive this.
  explicit router_handles(const registry& names) : names_{&names} {}

  // Returns the routers there are now.
  const std::vector<router_actor>& get() {
    const auto version = names_->version();
    if (version == seen_) return routers_;
    routers_.clear();
    for (const auto& name : names_->names()) {
      if (!is_router_name(name)) continue;
      if (auto router = names_->find_as<router_actor>(name)) routers_.push_back(std::move(router));
    }
    seen_ = version;
    return routers_;
  }

  // Drops the handles, to break a cycle; get() looks them up again.
  void reset() {
    routers_.clear();
    seen_ = 0;
  }

 private:
  const registry* names_;
  std::vector<router_actor> routers_;
  std::uint64_t seen_ = 0;
};

}  // namespace troupe::actors
