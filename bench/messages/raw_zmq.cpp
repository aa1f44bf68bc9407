// A frame is a number and the payload: the number counts down to the end of a batch, or asks for
// the frame back.
#include <cstring>
#include <string>

#include <zmq.hpp>

#include "bench/messages/contestant.hpp"
#include "bench/messages/raw_port.hpp"

namespace troupe::bench {

namespace {

constexpr std::uint32_t echo = 0xffff'ffff;

std::uint32_t number_of(const zmq::message_t& frame) {
  std::uint32_t number = 0;
  std::memcpy(&number, frame.data(), sizeof(number));
  return number;
}

zmq::message_t frame_of(std::uint32_t number, const std::string& payload) {
  zmq::message_t frame{sizeof(number) + payload.size()};
  std::memcpy(frame.data(), &number, sizeof(number));
  std::memcpy(static_cast<char*>(frame.data()) + sizeof(number), payload.data(), payload.size());
  return frame;
}

void set_up(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::sndhwm, 0);  // the window bounds it
  socket.set(zmq::sockopt::rcvhwm, 0);
  socket.set(zmq::sockopt::linger, 0);
}

class raw_client {
 public:
  explicit raw_client(std::uint16_t port) {
    set_up(socket_);
    socket_.connect("tcp://127.0.0.1:" + std::to_string(port));
  }

  double run(const message_load& load) {
    payload_.assign(load.payload_bytes, 'x');
    const auto per_send = load.one_way() ? load.batch() : 1;
    auto open = load.one_way() ? message_load::window_batches : load.in_flight;
    load_clock clock;
    for (auto i = open; i > 0; --i) send(load);
    while (open > 0) {
      zmq::message_t answer;
      (void)socket_.recv(answer);
      if (clock.done(per_send)) {
        send(load);
      } else {
        --open;
      }
    }
    return clock.rate();
  }

 private:
  void send(const message_load& load) {
    if (!load.one_way()) {
      socket_.send(frame_of(echo, payload_), zmq::send_flags::none);
      return;
    }
    for (auto left = static_cast<std::uint32_t>(load.batch()); left > 0; --left) {
      socket_.send(frame_of(left - 1, payload_), zmq::send_flags::none);
    }
  }

  zmq::context_t context_;
  zmq::socket_t socket_{context_, zmq::socket_type::dealer};
  std::string payload_;
};

class raw_zmq final : public contestant {
 public:
  std::string name() const override { return "raw"; }
  bool is_peer() const override { return true; }

  void serve(const std::function<void(std::uint16_t)>& listening) override {
    zmq::context_t context;
    zmq::socket_t socket{context, zmq::socket_type::router};
    set_up(socket);
    listen_anywhere(socket, listening);
    while (true) {
      zmq::message_t from;
      zmq::message_t frame;
      (void)socket.recv(from);
      (void)socket.recv(frame);
      const auto number = number_of(frame);
      if (number != 0 && number != echo) continue;
      socket.send(from, zmq::send_flags::sndmore);
      if (number == 0) frame.rebuild(1);
      socket.send(frame, zmq::send_flags::none);
    }
  }

  void drive(std::uint16_t port, const message_load& load,
             const std::function<void(double)>& measured) override {
    measured(raw_client{port}.run(load));
  }
};

}  // namespace

std::unique_ptr<contestant> make_raw_zmq() {
  return std::make_unique<raw_zmq>();
}

}  // namespace troupe::bench
