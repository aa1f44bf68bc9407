#include "transport/zmq/message_frame.hpp"

#include <atomic>
#include <utility>

#include <zmq.hpp>

#include "runtime/assert.hpp"

namespace troupe::transport::zmq {

namespace {

using owner_ptr = std::shared_ptr<const void>;

// What ZeroMQ's thread lets go of has been written by the one that sent it; how it comes from one
// to the other is ZeroMQ's affair, so that we say it ourselves.
struct held_owner {
  explicit held_owner(const owner_ptr& o) : owner{o} { is_whole.store(true); }

  owner_ptr owner;
  std::atomic<bool> is_whole{false};
};

void let_go(void*, void* hint) {
  auto* held = static_cast<held_owner*>(hint);
  TROUPE_ASSERT(held->is_whole.load());
  delete held;
}

// ZeroMQ reads the bytes only.
void* data_of(std::string_view bytes) {
  return const_cast<char*>(bytes.data());
}

std::unique_ptr<::zmq::message_t> wrap(std::string_view bytes, const owner_ptr& owner) {
  auto held = std::make_unique<held_owner>(owner);
  auto message =
      std::make_unique<::zmq::message_t>(data_of(bytes), bytes.size(), let_go, held.get());
  static_cast<void>(held.release());
  return message;
}

}  // namespace

message_frame::message_frame() : message_{std::make_unique<::zmq::message_t>()} {}

message_frame::message_frame(std::string_view bytes, const std::shared_ptr<const void>& owner)
    : message_{wrap(bytes, owner)} {}

message_frame::message_frame(std::string_view bytes)
    : message_{std::make_unique<::zmq::message_t>(bytes.data(), bytes.size())} {}

message_frame::~message_frame() = default;
message_frame::message_frame(message_frame&&) noexcept = default;
message_frame& message_frame::operator=(message_frame&&) noexcept = default;

std::string_view message_frame::view() const {
  return {static_cast<const char*>(message_->data()), message_->size()};
}

bool message_frame::more() const {
  return message_->more();
}

int message_frame::connection() const {
  return zmq_msg_get(message_->handle(), ZMQ_SRCFD);
}

shared_bytes message_frame::release() {
  auto whole = std::make_shared<::zmq::message_t>(std::move(*message_));
  const std::string_view bytes{static_cast<const char*>(whole->data()), whole->size()};
  return shared_bytes{std::move(whole), bytes};
}

}  // namespace troupe::transport::zmq
