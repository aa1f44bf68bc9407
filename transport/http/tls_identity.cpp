#include "transport/http/tls_identity.hpp"

#include <utility>

#include <sys/stat.h>

#include "runtime/errc.hpp"
#include "runtime/log.hpp"

namespace troupe::transport::http {

namespace {

constexpr std::chrono::seconds look_every{1};

}  // namespace

tls_identity::tls_identity(config::tls_spec files, stamps seen,
                           std::shared_ptr<const tls_context> context)
    : files_{std::move(files)}, seen_{seen}, context_{std::move(context)} {}

// What changes while the files are read is seen as a change.
caf::expected<std::shared_ptr<tls_identity>> tls_identity::open(const config::tls_spec& files) {
  const auto seen = look(files);
  auto context = tls_context::of_server(files);
  if (!context) return std::move(context.error());
  return std::shared_ptr<tls_identity>{new tls_identity{files, seen, std::move(*context)}};
}

void tls_identity::adopt(const tls_identity& fresh) {
  std::scoped_lock lock{mutex_, fresh.mutex_};
  files_ = fresh.files_;
  seen_ = fresh.seen_;
  context_ = fresh.context_;
}

tls_identity::stamps tls_identity::look(const config::tls_spec& files) {
  stamps out;
  std::size_t at = 0;
  for (const auto* path : {&files.certificate, &files.key, &files.client_ca}) {
    struct stat found {};
    auto& slot = out[at++];
    if (path->empty() || ::stat(path->c_str(), &found) != 0) continue;
    slot = {found.st_dev, found.st_ino, static_cast<std::uint64_t>(found.st_size),
            found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
  }
  return out;
}

std::shared_ptr<const tls_context> tls_identity::current(time_point now) {
  std::lock_guard lock{mutex_};
  if (now < looked_at_ + look_every) return context_;
  looked_at_ = now;
  const auto found = look(files_);
  if (found == seen_) return context_;
  seen_ = found;
  auto context = tls_context::of_server(files_);
  if (context) {
    context_ = std::move(*context);
    log::info("the certificate was read again", {{"file", files_.certificate}});
  } else {
    log::error("the certificate was not read again: the last good one stays",
               {{"error", failure_text(context.error())}});
  }
  return context_;
}

}  // namespace troupe::transport::http
