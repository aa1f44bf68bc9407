#include "transport/http/server.hpp"

#include <utility>
#include <vector>

#include <unistd.h>

#include "transport/http/server_connection.hpp"
#include "transport/http/tcp_listener.hpp"

namespace troupe::transport::http {

struct server::state {
  state(boost::asio::io_context& context, const config::http_limits& limits,
        session_factory factory)
      : scope{std::make_shared<server_scope>(context, limits, std::move(factory))} {}

  std::vector<std::shared_ptr<server_connection>> all() const {
    std::vector<std::shared_ptr<server_connection>> list;
    for (const auto& [address, each] : scope->connections) list.push_back(each);
    return list;
  }

  std::shared_ptr<server_scope> scope;
  std::shared_ptr<tcp_listener> listener;
};

namespace {

void turn_away(const server_scope& scope, int socket, closing why) {
  ::close(socket);
  scope.tell(why);
}

void take_over(const std::shared_ptr<server_scope>& scope, int socket) {
  if (scope->connections.size() >= scope->limits.connections_max) {
    return turn_away(*scope, socket, closing::connections);
  }
  if (scope->tls && scope->handshakes >= scope->limits.handshakes_max) {
    return turn_away(*scope, socket, closing::handshakes);
  }
  const auto client = client_of(socket);
  if (!scope->clients.enter(client)) {
    return turn_away(*scope, socket, closing::client_connections);
  }
  const auto connection = std::make_shared<server_connection>(scope, client);
  scope->connections.emplace(connection.get(), connection);
  connection->open(socket);
}

}  // namespace

std::string_view to_string(closing why) {
  switch (why) {
    case closing::connections:
      return "connections";
    case closing::handshakes:
      return "handshakes";
    case closing::client_connections:
      return "client_connections";
    case closing::slow_request:
      return "slow_request";
    case closing::slow_reader:
      return "slow_reader";
  }
  return "unknown";
}

server::server(boost::asio::io_context& context, const config::http_limits& limits,
               session_factory factory, closing_sink on_closing)
    : state_{std::make_shared<state>(context, limits, std::move(factory))} {
  state_->scope->on_closing = std::move(on_closing);
}

server::~server() {
  abort();
}

void server::use_tls(std::shared_ptr<tls_identity> identity) {
  state_->scope->tls = std::move(identity);
}

caf::expected<std::uint16_t> server::listen(const std::string& address, std::uint16_t port,
                                            bool shared) {
  auto opened =
      tcp_listener::open(state_->scope->context, {address, port, shared},
                         [scope = state_->scope](int socket) { take_over(scope, socket); });
  if (!opened) return std::move(opened.error());
  if (state_->listener) state_->listener->close();
  state_->listener = *opened;
  return state_->listener->port();
}

void server::stop() {
  state_->scope->stopping = true;
  state_->scope->stopped_at = now();
  if (state_->listener) state_->listener->close();
  for (const auto& each : state_->all()) each->stop();
}

void server::on_drained(std::function<void()> drained) {
  state_->scope->drained = std::move(drained);
  post(state_->scope->context, [scope = state_->scope] { scope->check_drained(); });
}

void server::abort() {
  if (state_->listener) state_->listener->close();
  for (const auto& each : state_->all()) each->abort();
}

std::size_t server::connections() const {
  return state_->scope->connections.size();
}

}  // namespace troupe::transport::http
