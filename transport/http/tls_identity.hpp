// A server's certificate and key, read anew when their files change; connections that are open
// keep what they began with.
//
// Thread: any; a mutex guards the pointer, taken once for each connection accepted.
// Bounds: the files are looked at once a second at most, and only when a connection comes.
// Errors: what cannot be read after the start is logged, and the last good certificate stays.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "runtime/clock.hpp"
#include "transport/http/tls_context.hpp"

namespace troupe::transport::http {

class tls_identity {
 public:
  // Reads the files.
  static caf::expected<std::shared_ptr<tls_identity>> open(const config::tls_spec& files);

  // The context for a connection that is accepted now.
  std::shared_ptr<const tls_context> current(time_point now);

  // Reads the files when the next connection comes, changed or not.
  void reload() { forced_ = true; }

 private:
  // What tells one state of a file from another.
  struct stamp {
    std::uint64_t device = 0, inode = 0, bytes = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    friend bool operator==(const stamp&, const stamp&) = default;
  };
  using stamps = std::array<stamp, 3>;

  tls_identity(const config::tls_spec& files, std::shared_ptr<const tls_context> context);
  stamps look() const;

  config::tls_spec files_;
  std::atomic<bool> forced_{false};
  std::mutex mutex_;  // guards what follows
  std::shared_ptr<const tls_context> context_;
  stamps seen_;
  time_point looked_at_{};
};

}  // namespace troupe::transport::http
