// A plain pass-through proxy of our server and client, without actors: the floor under the router.
//
// Usage: bench_floor_proxy --port N --upstreams host:port[,host:port]
#include <cstdio>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "bench/http/flags.hpp"
#include "transport/http/client.hpp"
#include "transport/http/server.hpp"

namespace {

using namespace troupe::transport::http;

constexpr std::size_t queued_bytes_high = 1024 * 1024;

// What all connections share.
struct proxy {
  client& upstream;
  std::vector<endpoint> engines;
  std::size_t next = 0;
};

class proxy_session final : public session, exchange_handler {
 public:
  proxy_session(proxy& shared, connection& line) : shared_{shared}, line_{line} {}
  ~proxy_session() override { leave(); }

 private:
  void on_request(request message) override {
    began_ = false;
    auto body = std::make_shared<const std::string>(std::move(message.body));
    const auto& engine = shared_.engines[shared_.next++ % shared_.engines.size()];
    under_way_ = shared_.upstream.start(engine, std::move(message), std::move(body), *this);
  }

  void on_drain() override {
    if (under_way_) under_way_->resume();
  }

  void on_close() override { leave(); }

  void on_head(response_head head) override {
    began_ = true;
    line_.start(std::move(head));
  }

  void on_body(std::string_view bytes) override {
    line_.write(bytes);
    if (line_.queued_bytes() > queued_bytes_high) under_way_->pause();
  }

  void on_end() override {
    under_way_.reset();
    line_.finish();
  }

  void on_error(troupe::errc, const std::string& text) override {
    under_way_.reset();
    if (began_) return line_.abort();
    line_.send({502, {}}, text);
  }

  void leave() {
    if (const auto exchange = std::exchange(under_way_, nullptr)) exchange->cancel();
  }

  proxy& shared_;
  connection& line_;
  std::shared_ptr<exchange> under_way_;
  bool began_ = false;
};

}  // namespace

int main(int count, char** words) {
  const troupe::bench::flags flags{count, words};
  boost::asio::io_context context{1};
  client upstream{context, troupe::config::client_limits{}};
  proxy shared{upstream, flags.endpoints("--upstreams")};
  server front{context, troupe::config::http_limits{}, [&shared](connection& line) {
                 return std::make_shared<proxy_session>(shared, line);
               }};
  const auto port =
      front.listen("127.0.0.1", static_cast<std::uint16_t>(flags.number("--port", 0)), false);
  if (!port || shared.engines.empty()) {
    std::fprintf(stderr, "no port or no upstreams\n");
    return 1;
  }
  std::printf("port %u\n", *port);
  std::fflush(stdout);
  context.run();
}
