// A lease kept in memory, for the candidates of one process and for simulations.
//
// Thread: any.
#pragma once

#include <mutex>

#include "runtime/placement/lease.hpp"

namespace troupe {

class memory_lease : public lease_store {
 public:
  caf::expected<lease_record> read() override {
    std::lock_guard lock{mutex_};
    return record_;
  }

  caf::expected<bool> replace(const lease_record& was, const lease_record& next) override {
    std::lock_guard lock{mutex_};
    if (record_ != was) return false;
    record_ = next;
    return true;
  }

 private:
  std::mutex mutex_;
  lease_record record_;
};

}  // namespace troupe
