// Sends chat completions to one endpoint, or to several in turn, and counts what comes back.
//
// Usage: bench_http_load --target host:port[,host:port...] [--mode closed|open|stream]
//        [--connections N] [--rate N] [--seconds N] [--body-bytes N] [--model NAME]
//        [--max-tokens N] [--requests N] [--distinct yes]
//        [--first N]
// With --requests it ends after so many, however long that takes; with --distinct no two prompts,
// and no two users, are the same; they are numbered from --first.
// Prints one JSON object: requests, chunks, errors, seconds, p50_ms, p99_ms.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "bench/http/flags.hpp"
#include "runtime/clock.hpp"
#include "transport/http/client.hpp"

namespace {

using namespace troupe::transport::http;

struct totals {
  std::vector<double> latencies_ms;
  std::size_t chunks = 0;
  std::size_t errors = 0;
};

class load {
 public:
  load(boost::asio::io_context& context, const troupe::bench::flags& flags)
      : client_{context, limits()},
        timer_{context},
        targets_{flags.endpoints("--target")},
        seconds_{flags.number("--seconds", 5)},
        interval_{std::chrono::nanoseconds{1'000'000'000 / flags.number("--rate", 200)}},
        open_loop_{flags.text("--mode", "closed") == "open"} {
    const bool stream = flags.text("--mode", "closed") == "stream";
    const auto tokens = flags.number("--max-tokens", 0);
    std::string body = R"({"model":")" + flags.text("--model", "m") +
                       (tokens > 0 ? R"(","max_tokens":)" + std::to_string(tokens) + R"(,"stream":)"
                                   : R"(","stream":)") +
                       (stream ? "true" : "false") + R"(,"messages":[{"role":"user","content":")";
    const auto wanted = static_cast<std::size_t>(flags.number("--body-bytes", 1024));
    while (body.size() + 5 < wanted) body += body.size() % 6 == 0 ? ' ' : 'w';
    body_ = std::make_shared<const std::string>(body + R"("}]})");
    distinct_ = flags.text("--distinct", "no") == "yes";
    first_ = static_cast<std::size_t>(flags.number("--first", 0));
    left_ = static_cast<std::size_t>(flags.number("--requests", 0));
    if (left_ != 0) seconds_ = std::chrono::hours{24};
    connections_ = static_cast<std::size_t>(flags.number("--connections", 64));
  }

  void begin() {
    began_ = troupe::now();
    ends_ = began_ + seconds_;
    if (open_loop_) return tick();
    for (std::size_t i = 0; i < connections_; ++i) send();
  }

  void report();

 private:
  struct shot final : exchange_handler {
    explicit shot(load& l) : owner{l}, sent{troupe::now()} {}
    void on_head(response_head head) override { good = head.status == 200; }
    void on_body(std::string_view bytes) override {
      for (auto at = bytes.find("\n\n"); at != std::string_view::npos;
           at = bytes.find("\n\n", at + 2)) {
        ++owner.totals_.chunks;
      }
    }
    void on_end() override { owner.landed(this); }
    void on_error(troupe::errc, const std::string& text) override {
      if (owner.totals_.errors == 0) std::fprintf(stderr, "%s\n", text.c_str());
      good = false;
      owner.landed(this);
    }

    load& owner;
    troupe::time_point sent;
    bool good = false;
  };

  static troupe::config::client_limits limits() { return {}; }

  void send() {
    request head;
    head.method = "POST";
    head.target = "/v1/chat/completions";
    head.fields.add("Content-Type", "application/json");
    const auto made = new shot{*this};
    ++flying_;
    const auto& target = targets_.at(next_++ % targets_.size());
    client_.start(target, std::move(head), distinct_ ? distinct_body() : body_, *made);
  }

  // The same text behind a number, under a user of its own.
  std::shared_ptr<const std::string> distinct_body() const {
    static constexpr std::string_view before_text = R"("content":")";
    auto body = *body_;
    const auto number = std::to_string(first_ + next_);
    body.insert(body.find(before_text) + before_text.size(), number + " ");
    body.insert(1, R"("user":"u)" + number + R"(",)");
    return std::make_shared<const std::string>(std::move(body));
  }

  // Takes one of the requests that are still to be sent; false where all have been.
  bool take_turn() {
    if (left_ == 0 || next_ < left_) return true;
    ends_ = began_;
    return false;
  }

  void landed(shot* which) {
    const std::unique_ptr<shot> done{which};
    --flying_;
    const auto time = troupe::now();
    if (done->good) {
      totals_.latencies_ms.push_back(
          std::chrono::duration<double, std::milli>(time - done->sent).count());
    } else {
      ++totals_.errors;
    }
    last_ = time;
    if (!open_loop_ && take_turn() && time < ends_) send();
    if (flying_ == 0 && time >= ends_) client_.abort();
  }

  void tick() {
    const auto due = began_ + interval_ * sent_++;
    timer_.expires_at(due);
    timer_.async_wait([this](const boost::system::error_code&) {
      if (troupe::now() >= ends_) {
        if (flying_ == 0) client_.abort();  // else the last one does, when it lands
        return;
      }
      send();
      tick();
    });
  }

  client client_;
  boost::asio::steady_timer timer_;
  std::vector<endpoint> targets_;
  std::size_t next_ = 0;
  std::chrono::seconds seconds_;
  std::chrono::nanoseconds interval_;
  bool open_loop_;
  std::shared_ptr<const std::string> body_;
  bool distinct_ = false;
  std::size_t first_ = 0;
  std::size_t left_ = 0;  // requests to be sent in all; 0: as many as fit into the time
  std::size_t connections_ = 0;
  std::size_t flying_ = 0;
  std::int64_t sent_ = 0;
  troupe::time_point began_, ends_, last_;
  totals totals_;
};

void load::report() {
  auto& all = totals_.latencies_ms;
  std::sort(all.begin(), all.end());
  const auto at = [&](double part) {
    return all.empty() ? 0.0 : all[static_cast<std::size_t>(part * double(all.size() - 1))];
  };
  std::printf(
      R"({"requests":%zu,"chunks":%zu,"errors":%zu,"seconds":%.3f,"p50_ms":%.3f,"p99_ms":%.3f})"
      "\n",
      all.size(), totals_.chunks, totals_.errors,
      std::chrono::duration<double>(last_ - began_).count(), at(0.5), at(0.99));
}

}  // namespace

int main(int count, char** words) {
  const troupe::bench::flags flags{count, words};
  boost::asio::io_context context{1};
  load all{context, flags};
  all.begin();
  context.run();
  all.report();
}
