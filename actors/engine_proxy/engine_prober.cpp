#include "actors/engine_proxy/engine_prober.hpp"

#include <array>
#include <utility>

#include <simdjson.h>

namespace troupe::actors {

namespace http = transport::http;

namespace {

constexpr std::size_t answer_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t models_max = 1024;

// The steps of a probe. Only the first decides whether the engine is alive: an OpenAI-compatible
// server need not have metrics, and one that still loads may not list models.
constexpr std::array<std::string_view, 3> paths{"/health", "/v1/models", "/metrics"};

class http_prober final : public engine_prober, http::exchange_handler {
 public:
  http_prober(http::client& client, std::chrono::milliseconds step_timeout)
      : client_{client}, step_timeout_{step_timeout} {}

  ~http_prober() override {
    if (exchange_) exchange_->cancel();
  }

  void probe(const http::endpoint& at, std::function<void(const probe_report&)> done) override {
    if (exchange_) exchange_->cancel();
    at_ = at;
    done_ = std::move(done);
    report_ = {};
    step_ = 0;
    ask();
  }

 private:
  void ask() {
    body_.clear();
    status_ = 0;
    http::request message;
    message.target = paths[step_];
    exchange_ = client_.start(at_, message, nullptr, *this, {step_timeout_});
  }

  void on_head(http::response_head head) override { status_ = head.status; }

  void on_body(std::string_view bytes) override {
    if (body_.size() + bytes.size() <= answer_bytes_max) body_ += bytes;
  }

  void on_end() override {
    exchange_.reset();
    take_answer();
    if (!report_.alive || ++step_ == paths.size()) return finish();
    ask();
  }

  void on_error(errc code, const std::string&) override {
    exchange_.reset();
    // An engine that answered /health and then fails is not alive either.
    report_.alive = false;
    report_.failure = code;
    finish();
  }

  void take_answer() {
    bool good = status_ >= 200 && status_ < 300;
    switch (step_) {
      case 0:
        // Servers without /health answer 404 or 405; only 5xx says "not able to serve".
        report_.alive = status_ < 500;
        report_.failure = errc::overloaded;
        break;
      case 1:
        report_.has_models = good && read_model_cards(body_, report_.models);
        break;
      default:
        if (good) report_.gauges = read_engine_gauges(body_);
    }
  }

  void finish() {
    auto done = std::exchange(done_, nullptr);
    if (done) done(report_);
  }

  http::client& client_;
  std::chrono::milliseconds step_timeout_;
  http::endpoint at_;
  std::function<void(const probe_report&)> done_;
  std::shared_ptr<http::exchange> exchange_;
  probe_report report_;
  std::size_t step_ = 0;
  unsigned status_ = 0;
  std::string body_;
};

}  // namespace

bool read_model_cards(std::string_view body, std::vector<model_card>& out) {
  if (body.empty()) return false;  // simdjson would copy from null
  simdjson::dom::parser parser;
  simdjson::dom::array data;
  if (parser.parse(body.data(), body.size())["data"].get(data) != simdjson::SUCCESS) return false;
  for (auto entry : data) {
    std::string_view id;
    if (entry["id"].get(id) != simdjson::SUCCESS || id.empty()) continue;
    if (out.size() == models_max) break;
    out.push_back({std::string{id}, simdjson::minify(entry)});
  }
  return true;
}

std::unique_ptr<engine_prober> make_http_prober(http::client& client,
                                                std::chrono::milliseconds step_timeout) {
  return std::make_unique<http_prober>(client, step_timeout);
}

}  // namespace troupe::actors
