// Bytes on their way out of a connection; the front is in flight while more is added behind it.
//
// Bounds: none of its own; the connection's user watches size(). Large buffers are given back once
// they are empty.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::transport::http {

class outbox {
 public:
  using parts = std::array<std::string_view, 2>;

  std::size_t size() const {
    return sending_.size() - sent_ + (body_ ? body_->size() - body_sent_ : 0) + waiting_.size();
  }

  // Appends a copy.
  void add(std::string_view bytes) { waiting_.append(bytes); }

  // Takes a head and a body. Only while empty: nothing comes before it.
  void add_body(std::string_view head, std::shared_ptr<const std::string> body) {
    sending_ = head;
    body_ = std::move(body);
  }

  // Returns what is to be written next; valid until it is reported sent.
  parts front() {
    if (sending_.size() == sent_ && !body_) {
      sent_ = 0;
      sending_.clear();
      sending_.swap(waiting_);
    }
    const auto body = body_ ? std::string_view{*body_}.substr(body_sent_) : std::string_view{};
    return {std::string_view{sending_}.substr(sent_), body};
  }

  // Drops what the socket took from the front.
  void sent(std::size_t bytes) {
    const std::size_t of_sending = std::min(bytes, sending_.size() - sent_);
    sent_ += of_sending;
    body_sent_ += bytes - of_sending;
    if (body_ && body_sent_ == body_->size()) {
      body_.reset();
      body_sent_ = 0;
    }
    if (size() == 0) release();
  }

 private:
  static constexpr std::size_t kept_capacity_bytes_max = 256 * 1024;

  void release() {
    sent_ = 0;
    sending_.clear();
    if (sending_.capacity() > kept_capacity_bytes_max) sending_.shrink_to_fit();
    if (waiting_.capacity() > kept_capacity_bytes_max) waiting_.shrink_to_fit();
  }

  std::string sending_, waiting_;
  std::size_t sent_ = 0;
  std::shared_ptr<const std::string> body_;
  std::size_t body_sent_ = 0;
};

}  // namespace troupe::transport::http
