// A peer that says what a test lets it say: a DEALER without any rules.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "transport/zmq/link_frame.hpp"
#include "transport/zmq/message_socket.hpp"

namespace troupe::transport::zmq {

class raw_peer {
 public:
  explicit raw_peer(const std::string& endpoint)
      : socket_{std::move(*message_socket::open(context_, socket_kind::dealer))} {
    if (!socket_.connect(endpoint)) throw std::runtime_error{"cannot connect"};
  }

  void say(std::initializer_list<std::string_view> frames) { socket_.send(frames); }
  void say(const std::string& frame) { socket_.send({frame}); }

  // Returns the next answer; nothing where none comes in a generous time.
  std::optional<std::string> answer() {
    socket_poll poll;
    poll.add(socket_);
    poll.wait(std::chrono::seconds{20});
    auto frames = socket_.receive();
    if (!frames || frames->empty()) return std::nullopt;
    return frames->front();
  }

  // Says hello; returns the token granted, 0 where it was refused.
  std::uint64_t greet(const link_hello& hello) {
    say(hello_frame(hello));
    const auto frame = answer();
    const auto header = frame ? read_header(*frame) : std::nullopt;
    return header && header->kind == frame_kind::welcome ? header->token : 0;
  }

  // Says hello; returns why it was refused.
  link_refusal refusal_of(const std::string& hello) {
    say(hello);
    const auto frame = answer();
    const auto header = frame ? read_header(*frame) : std::nullopt;
    if (!header || header->kind != frame_kind::refusal) return {refusal_reason::protocol, "none"};
    const auto read = read_refusal(body_of(*frame));
    const auto* refusal = std::get_if<link_refusal>(&read);
    return refusal != nullptr ? *refusal : link_refusal{refusal_reason::protocol, "malformed"};
  }

 private:
  message_context context_;
  message_socket socket_;
};

// The hello of a peer with an endpoint where nobody listens.
inline link_hello hello_of(node_id id) {
  node_description node;
  node.id = std::move(id);
  node.endpoint = "tcp://127.0.0.1:1";
  return {"troupe", std::move(node), {7, {"int", "string"}}};
}

// A batch of one record.
inline std::string batch_of(std::uint64_t token, std::uint64_t sequence, std::string_view record,
                            std::size_t blobs = 0) {
  auto frame = write_header({frame_kind::batch, lane::data, token, sequence});
  append_record(frame, record, blobs);
  return frame;
}

}  // namespace troupe::transport::zmq
