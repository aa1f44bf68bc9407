// A plain HTTP/1.1 client on a blocking socket: one request after another, answers whole or event
// by event.
//
// Bounds: a read that gets nothing for 30 s fails the test instead of hanging it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace troupe::engine::test {

using nlohmann::json;

struct reply {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  json parsed() const { return json::parse(body); }
};

class blocking_client {
 public:
  explicit blocking_client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    const timeval patience{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("connect");
    }
  }
  ~blocking_client() { leave(); }
  blocking_client(const blocking_client&) = delete;
  blocking_client& operator=(const blocking_client&) = delete;

  // Closes the connection, whatever is under way.
  void leave() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  reply get(const std::string& path) { return call("GET", path, ""); }
  reply post(const std::string& path, const json& body) { return call("POST", path, body.dump()); }

  reply call(const std::string& method, const std::string& path, const std::string& body) {
    send(method, path, body);
    return receive();
  }

  void send(const std::string& method, const std::string& path, const std::string& body,
            const std::string& more = "") {
    const auto text = method + " " + path + " HTTP/1.1\r\nHost: test\r\n" + more +
                      "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size())) {
      throw std::runtime_error("send");
    }
  }

  reply receive() {
    auto answer = receive_head();
    if (answer.headers["transfer-encoding"] == "chunked") {
      for (auto chunk = next_chunk(); !chunk.empty(); chunk = next_chunk()) answer.body += chunk;
    } else {
      answer.body = take(std::stoul(answer.headers["content-length"]));
    }
    return answer;
  }

  reply receive_head() {
    reply answer;
    const auto status = line();
    answer.status = static_cast<unsigned>(std::stoul(status.substr(9, 3)));
    for (auto field = line(); !field.empty(); field = line()) {
      const auto colon = field.find(':');
      auto name = field.substr(0, colon);
      for (auto& c : name) c = static_cast<char>(std::tolower(c));
      answer.headers[name] = field.substr(colon + 2);
    }
    return answer;
  }

  // The next chunk of a chunked body; empty: its end.
  std::string next_chunk() {
    const auto size = std::stoul(line(), nullptr, 16);
    auto chunk = take(size);
    line();
    return chunk;
  }

 private:
  std::string line() {
    auto end = buffer_.find("\r\n");
    while (end == std::string::npos) {
      fill();
      end = buffer_.find("\r\n");
    }
    auto text = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return text;
  }

  std::string take(std::size_t bytes) {
    while (buffer_.size() < bytes) fill();
    auto text = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return text;
  }

  void fill() {
    char bytes[16384];
    const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) throw std::runtime_error("connection ended");
    buffer_.append(bytes, static_cast<std::size_t>(got));
  }

  int socket_;
  std::string buffer_;
};

// The data of each event of a text/event-stream, "[DONE]" included as a string.
inline std::vector<json> events_of(const std::string& stream) {
  std::vector<json> events;
  for (std::size_t at = 0; at < stream.size();) {
    const auto end = stream.find("\n\n", at);
    if (end == std::string::npos || stream.compare(at, 6, "data: ") != 0) {
      throw std::runtime_error("malformed event stream: " + stream.substr(at));
    }
    const auto data = stream.substr(at + 6, end - at - 6);
    events.push_back(data == "[DONE]" ? json(data) : json::parse(data));
    at = end + 2;
  }
  return events;
}

}  // namespace troupe::engine::test
