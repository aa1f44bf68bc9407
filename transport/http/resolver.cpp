#include "transport/http/resolver.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "runtime/clock.hpp"

namespace troupe::transport::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using tcp_resolver = asio::ip::basic_resolver<tcp, asio::io_context::executor_type>;

constexpr std::chrono::seconds kept{30};
constexpr std::size_t names_max = 1'024;
constexpr std::size_t waiting_max = 4'096;

}  // namespace

struct resolver::state : std::enable_shared_from_this<state> {
  struct name {
    std::vector<std::string> addresses;
    time_point valid_until{};
    std::vector<receiver> waiting;
  };

  explicit state(asio::io_context& context) : lookups{context.get_executor()} {}

  void look_up(const std::string& host);
  void found(const std::string& host, std::vector<std::string> addresses);
  void forget_old();

  tcp_resolver lookups;
  std::unordered_map<std::string, name> names;
};

void resolver::state::look_up(const std::string& host) {
  lookups.async_resolve(
      host, "",
      [weak = weak_from_this(), host](const error_code& error, tcp_resolver::results_type all) {
        const auto self = weak.lock();
        if (!self) return;
        std::vector<std::string> addresses;
        if (!error) {
          for (const auto& each : all) addresses.push_back(each.endpoint().address().to_string());
        }
        self->found(host, std::move(addresses));
      });
}

void resolver::state::found(const std::string& host, std::vector<std::string> addresses) {
  auto& entry = names[host];
  entry.addresses = std::move(addresses);
  // A failure is not kept: the next request asks again.
  entry.valid_until = entry.addresses.empty() ? time_point{} : now() + kept;
  const auto result = entry.addresses;
  for (const auto& done : std::exchange(entry.waiting, {})) done(result);
}

void resolver::state::forget_old() {
  if (names.size() < names_max) return;
  const auto time = now();
  std::erase_if(names, [time](const auto& each) {
    return each.second.waiting.empty() && each.second.valid_until < time;
  });
  if (names.size() >= names_max) {
    std::erase_if(names, [](const auto& each) { return each.second.waiting.empty(); });
  }
}

resolver::resolver(asio::io_context& context) : state_{std::make_shared<state>(context)} {}

resolver::~resolver() {
  state_->lookups.cancel();
}

void resolver::resolve(const std::string& host, receiver done) {
  error_code error;
  const std::string bare =
      host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
  asio::ip::make_address(bare, error);
  if (!error) return done({bare});
  state_->forget_old();
  auto& entry = state_->names[host];
  if (now() < entry.valid_until) return done(std::vector{entry.addresses});
  if (entry.waiting.size() >= waiting_max) return done({});
  entry.waiting.push_back(std::move(done));
  if (entry.waiting.size() == 1) state_->look_up(host);
}

}  // namespace troupe::transport::http
