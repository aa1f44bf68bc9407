// Bytes that nobody changes any more, shared without a copy.
//
// Thread: the bytes are read from any; each copy of the handle belongs to one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

class shared_bytes {
 public:
  shared_bytes() = default;

  // Takes over a text.
  explicit shared_bytes(std::string bytes) {
    auto owned = std::make_shared<const std::string>(std::move(bytes));
    view_ = *owned;
    owner_ = std::move(owned);
  }

  // Refers to bytes that live as long as `owner`.
  shared_bytes(std::shared_ptr<const void> owner, std::string_view view)
      : owner_{std::move(owner)}, view_{view} {}

  std::string_view view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  friend bool operator==(const shared_bytes& a, const shared_bytes& b) {
    return a.view_ == b.view_;
  }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view view_;
};

}  // namespace troupe
