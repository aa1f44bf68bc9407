#include "apps/admin_client.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

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

std::string text_of(const nlohmann::json& engine, const char* key) {
  const auto found = engine.find(key);
  if (found == engine.end()) return "-";
  if (found->is_string()) return found->get<std::string>();
  if (found->is_array()) {
    std::string all;
    for (const auto& item : *found) all += (all.empty() ? "" : ",") + item.get<std::string>();
    return all.empty() ? "-" : all;
  }
  if (found->is_number_float()) {
    return std::to_string(static_cast<int>(found->get<double>() * 100 + 0.5)) + "%";
  }
  return found->dump();
}

}  // namespace

std::string engines_table(std::string_view page) {
  constexpr std::array keys{"name",      "state",    "weight", "requests",
                            "in_flight", "kv_usage", "models"};
  std::vector<std::vector<std::string>> rows{
      {"NAME", "STATE", "WEIGHT", "REQUESTS", "IN FLIGHT", "KV", "MODELS"}};
  const auto parsed = nlohmann::json::parse(page, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("engines")) return std::string{page};
  for (const auto& engine : parsed["engines"]) {
    rows.emplace_back();
    for (const auto* key : keys) rows.back().push_back(text_of(engine, key));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      std::size_t width = 0;
      for (const auto& other : rows) width = std::max(width, other[column].size());
      out += row[column];
      if (column + 1 < row.size()) out += std::string(width + 2 - row[column].size(), ' ');
    }
    out += '\n';
  }
  return out;
}

std::string error_sentence(std::string_view body) {
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_object()) {
    return parsed["error"].value("message", std::string{body});
  }
  return std::string{body};
}

call_outcome call_admin(const engines_command& command) {
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
  return {true, command.as_table ? engines_table(answer.body) : answer.body};
}

}  // namespace troupe::apps
