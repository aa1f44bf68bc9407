// A lease kept in a file, for processes that share a folder with working locks.
//
// Text, a line each: `troupe lease 1`, `holder`, `epoch`, `renewals`, `ttl_ms`. It is replaced as a
// whole, by a rename under a lock on PATH.lock, and is on the disk before that. Never delete it:
// epochs would begin again, and fences refuse the next holders.
//
// Thread: any; it blocks on the disk, so an actor that uses it is detached.
// Bounds: file_bytes_max.
// Errors: io_error with the path and the system's reason, malformed_file with the line, overloaded
// while another process holds the lock.
#pragma once

#include <string>

#include "runtime/placement/lease.hpp"

namespace troupe {

class file_lease : public lease_store {
 public:
  static constexpr std::size_t file_bytes_max = 1'024;

  // The folder of `path` must exist; the files are made when they are needed.
  explicit file_lease(std::string path);

  caf::expected<lease_record> read() override;
  caf::expected<bool> replace(const lease_record& was, const lease_record& next) override;

 private:
  std::string path_;
};

}  // namespace troupe
