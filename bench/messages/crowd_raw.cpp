#include <cstring>
#include <deque>
#include <string>

#include <zmq.hpp>

#include "bench/messages/crowd.hpp"
#include "bench/messages/raw_port.hpp"

namespace troupe::bench {

void serve_raw(const std::function<void(std::uint16_t)>& listening) {
  zmq::context_t context;
  zmq::socket_t socket{context, zmq::socket_type::router};
  listen_anywhere(socket, listening);
  while (true) {
    zmq::message_t from;
    zmq::message_t frame;
    (void)socket.recv(from);
    (void)socket.recv(frame);
    socket.send(from, zmq::send_flags::sndmore);
    socket.send(frame, zmq::send_flags::none);
  }
}

// Answers come in the order of the requests.
crowd_result ask_raw(std::uint16_t port, const crowd_load& load) {
  zmq::context_t context;
  zmq::socket_t socket{context, zmq::socket_type::dealer};
  socket.set(zmq::sockopt::linger, 0);
  socket.connect("tcp://127.0.0.1:" + std::to_string(port));
  const std::string payload(64, 'x');
  std::deque<time_point> asked;
  crowd_clock clock{load};
  const auto ask = [&] {
    asked.push_back(now());
    socket.send(zmq::const_buffer{payload.data(), payload.size()}, zmq::send_flags::none);
  };
  for (std::size_t i = 0; i < load.in_flight; ++i) ask();
  while (!asked.empty()) {
    zmq::message_t answer;
    (void)socket.recv(answer);
    const auto at = asked.front();
    asked.pop_front();
    if (clock.done(at)) ask();
  }
  return clock.result();
}

}  // namespace troupe::bench
