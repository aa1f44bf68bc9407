#include "apps/admin_client.hpp"

#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "transport/http/client.hpp"

namespace troupe::apps {

namespace http = transport::http;

namespace {

constexpr std::size_t answer_bytes_max = 16 * 1024 * 1024;
constexpr std::chrono::milliseconds answer_timeout{60'000};

// Collects one answer.
class collected final : public http::exchange_handler {
 public:
  void on_head(http::response_head head) override { status = head.status; }
  void on_body(std::string_view bytes) override {
    if (body.size() + bytes.size() <= answer_bytes_max) body += bytes;
  }
  void on_end() override { done = true; }
  void on_error(errc code, const std::string& text) override {
    failure = to_string(code) + ": " + text;
  }

  unsigned status = 0;
  std::string body;
  std::string failure;
  bool done = false;
};

}  // namespace

std::string error_sentence(std::string_view body) {
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_object()) {
    return parsed["error"].value("message", std::string{body});
  }
  return std::string{body};
}

call_outcome call_admin(const admin_request& command) {
  boost::asio::io_context context;
  config::client_limits limits;
  limits.idle_timeout = answer_timeout;
  collected answer;
  http::client client{context, limits};
  http::request message;
  message.method = command.method;
  message.target = command.target;
  if (!command.token.empty()) message.fields.add("Authorization", "Bearer " + command.token);
  std::shared_ptr<const std::string> body;
  if (!command.body.empty()) {
    message.fields.add("Content-Type", "application/json");
    body = std::make_shared<const std::string>(command.body);
  }
  const auto exchange =
      client.start({command.host, command.port}, message, std::move(body), answer);
  while (!answer.done && answer.failure.empty() && context.run_one() != 0) {
  }
  if (!answer.failure.empty()) return {false, answer.failure};
  if (answer.status >= 300) {
    return {false, std::to_string(answer.status) + ": " + error_sentence(answer.body)};
  }
  return {true, std::move(answer.body)};
}

}  // namespace troupe::apps
