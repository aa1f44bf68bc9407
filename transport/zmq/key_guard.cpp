#include "transport/zmq/key_guard.hpp"

#include <utility>

namespace troupe::transport::zmq {

namespace {

// The frames of a question, behind the sender and an empty one.
enum question_part { sender, empty, version, request, domain, address, identity, mechanism, key };
constexpr std::size_t question_parts = 9;

constexpr int turn_questions_max = 64;

}  // namespace

caf::expected<std::unique_ptr<key_guard>> key_guard::open(message_context& context,
                                                          std::string public_key) {
  auto socket = message_socket::open(context, socket_kind::router);
  if (!socket) return socket.error();
  if (auto bound = socket->bind("inproc://zeromq.zap.01"); !bound) return bound.error();
  return std::unique_ptr<key_guard>{new key_guard{std::move(*socket), std::move(public_key)}};
}

void key_guard::start(io_thread& home, std::function<void(const std::string& address)> refused) {
  refused_ = std::move(refused);
  watch_ = std::make_unique<socket_watch>(home, socket_.descriptor(), [this] { return read(); });
}

bool key_guard::read() {
  for (int i = 0; i < turn_questions_max; ++i) {
    const auto question = socket_.receive();
    if (!question) return false;
    answer(*question);
  }
  return true;
}

void key_guard::answer(const std::vector<std::string>& question) {
  if (question.size() < version + 2) return;
  const bool is_let_in = question.size() == question_parts && question[version] == "1.0" &&
                         question[mechanism] == "CURVE" &&
                         key_letters(question[key]) == public_key_;
  socket_.send({question[sender], "", "1.0", question[request], is_let_in ? "200" : "400",
                is_let_in ? "OK" : "another key", "", ""});
  if (!is_let_in) refused_(question.size() > address ? question[address] : "");
}

}  // namespace troupe::transport::zmq
