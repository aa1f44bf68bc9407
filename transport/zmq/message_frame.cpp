#include "transport/zmq/message_frame.hpp"

#include <utility>

#include <zmq.hpp>

namespace troupe::transport::zmq {

namespace {

using owner_ptr = std::shared_ptr<const void>;

void let_go(void*, void* owner) {
  delete static_cast<owner_ptr*>(owner);
}

// ZeroMQ reads the bytes only.
void* data_of(std::string_view bytes) {
  return const_cast<char*>(bytes.data());
}

std::unique_ptr<::zmq::message_t> wrap(std::string_view bytes, const owner_ptr& owner) {
  auto held = std::make_unique<owner_ptr>(owner);
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

shared_bytes message_frame::release() {
  auto whole = std::make_shared<::zmq::message_t>(std::move(*message_));
  const std::string_view bytes{static_cast<const char*>(whole->data()), whole->size()};
  return shared_bytes{std::move(whole), bytes};
}

}  // namespace troupe::transport::zmq
