// A server's certificate and key, read anew when their files change or other files are named;
// connections that are open keep what they began with.
//
// Thread: any; a mutex guards the pointer, taken once for each connection accepted.
// Bounds: the files are looked at once a second at most, and only when a connection comes.
// Errors: what cannot be read after the start is logged, and the last good certificate stays.
#pragma once

#include <array>
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

  // Takes over files and certificate of another, which was opened just now.
  void adopt(const tls_identity& fresh);

 private:
  // What tells one state of a file from another.
  struct stamp {
    std::uint64_t device = 0, inode = 0, bytes = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    friend bool operator==(const stamp&, const stamp&) = default;
  };
  using stamps = std::array<stamp, 3>;

  tls_identity(config::tls_spec files, stamps seen, std::shared_ptr<const tls_context> context);
  static stamps look(const config::tls_spec& files);

  mutable std::mutex mutex_;  // guards what follows
  config::tls_spec files_;
  stamps seen_;
  std::shared_ptr<const tls_context> context_;
  time_point looked_at_{};
};

}  // namespace troupe::transport::http
