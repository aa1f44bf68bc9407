// Links that can be taken away from their users, who may be in the middle of a call on any thread.
//
// Once closed nothing is reached or sent any more, and no call is under way.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "transport/links/links.hpp"

namespace troupe::transport {

class links_gate final : public links {
 public:
  // `inner` is to live until close() has returned.
  explicit links_gate(links& inner) : self_{inner.self()}, inner_{&inner} {}

  void close() {
    std::lock_guard lock{mutex_};
    inner_ = nullptr;
  }

  const node_description& self() const override { return self_; }

  peer_link_ptr reach(const node_description& node) override {
    std::lock_guard lock{mutex_};
    return inner_ != nullptr ? inner_->reach(node) : nullptr;
  }

  void send_letter(const std::string& endpoint, std::string_view bytes) override {
    std::lock_guard lock{mutex_};
    if (inner_ != nullptr) inner_->send_letter(endpoint, bytes);
  }

  void end(const node_id& node, const caf::error& reason) override {
    std::lock_guard lock{mutex_};
    if (inner_ != nullptr) inner_->end(node, reason);
  }

  std::vector<link_status> status() const override {
    std::lock_guard lock{mutex_};
    return inner_ != nullptr ? inner_->status() : std::vector<link_status>{};
  }

 private:
  const node_description self_;
  mutable std::mutex mutex_;
  links* inner_;
};

}  // namespace troupe::transport
