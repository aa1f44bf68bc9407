#include "transport/http/client.hpp"

#include <utility>

#include "transport/http/upstream.hpp"

namespace troupe::transport::http {

namespace {

bool is_ours(std::string_view name) {
  return is_hop_by_hop(name) || same_token(name, "host") || same_token(name, "content-length") ||
         same_token(name, "expect");
}

bool is_sendable(const request& head) {
  const auto one_word = [](std::string_view s) {
    return !s.empty() && is_one_line(s) && s.find(' ') == std::string_view::npos;
  };
  if (!one_word(head.method) || !one_word(head.target)) return false;
  for (const auto& [name, value] : head.fields) {
    if (!one_word(name) || !is_one_line(value)) return false;
  }
  return true;
}

// An IPv6 address stands in brackets in a Host field.
std::string host_field(const endpoint& to) {
  const bool bare_v6 = to.host.find(':') != std::string::npos && !to.host.starts_with('[');
  return (bare_v6 ? "[" + to.host + "]" : to.host) + ":" + std::to_string(to.port);
}

std::string write_head(const client_exchange& job, const request& head,
                       const std::string& authorization) {
  const std::size_t body_bytes = job.body ? job.body->size() : 0;
  std::string out;
  out.reserve(512);
  out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\nHost: ");
  out.append(host_field(job.to));
  for (const auto& [name, value] : head.fields) {
    if (is_ours(name) || (!authorization.empty() && same_token(name, "authorization"))) continue;
    out.append("\r\n").append(name).append(": ").append(value);
  }
  if (!authorization.empty()) out.append("\r\nAuthorization: ").append(authorization);
  const bool may_lack_body =
      head.method == "GET" || head.method == "HEAD" || head.method == "DELETE";
  if (body_bytes > 0 || !may_lack_body) {
    out.append("\r\nContent-Length: ").append(std::to_string(body_bytes));
  }
  out.append("\r\n\r\n");
  return out;
}

}  // namespace

// --- one exchange --------------------------------------------------------------------------------

client_exchange::client_exchange(std::shared_ptr<client_scope> scope, exchange_handler& user)
    : handler{&user}, scope_{std::move(scope)} {}

void client_exchange::begin() {
  upstream_ = scope_->pool.take(to);
  if (!upstream_) return connect();
  const auto kept = upstream_;
  kept->reuse(shared_from_this());
}

void client_exchange::connect() {
  scope_->names.resolve(
      to.host, [weak = weak_from_this()](const std::vector<std::string>& addresses) {
        const auto self = weak.lock();
        if (!self || self->handler == nullptr) return;
        if (addresses.empty()) {
          return self->fail_later(errc::connect_failed, "no address for " + self->to.host);
        }
        self->upstream_ = std::make_shared<upstream>(self->scope_, self->to);
        self->scope_->connections.insert(self->upstream_);
        self->upstream_->connect(addresses, self);
      });
}

exchange_handler* client_exchange::detach() {
  upstream_.reset();
  scope_->exchanges.erase(shared_from_this());
  return std::exchange(handler, nullptr);
}

void client_exchange::cancel() {
  const auto self = shared_from_this();
  if (const auto connection = upstream_) connection->close();
  detach();
}

void client_exchange::resume() {
  if (!std::exchange(paused, false)) return;
  post(scope_->context, [self = shared_from_this()] {
    if (const auto connection = self->upstream_) connection->go_on();
  });
}

void client_exchange::fail(errc code, const std::string& text) {
  const auto self = shared_from_this();
  if (auto* const last = detach()) last->on_error(code, text);
}

void client_exchange::fail_later(errc code, std::string text) {
  post(scope_->context,
       [self = shared_from_this(), code, text = std::move(text)] { self->fail(code, text); });
}

void client_exchange::complete() {
  const auto self = shared_from_this();
  if (auto* const last = detach()) last->on_end();
}

// --- the client ----------------------------------------------------------------------------------

struct client::state {
  state(boost::asio::io_context& context, const config::client_limits& limits)
      : scope{std::make_shared<client_scope>(context, limits)} {}

  std::shared_ptr<client_scope> scope;
};

client::client(boost::asio::io_context& context, const config::client_limits& limits)
    : state_{std::make_shared<state>(context, limits)} {}

client::~client() {
  state_->scope->closed = true;
  abort();
}

std::shared_ptr<exchange> client::start(const endpoint& to, const request& head,
                                        std::shared_ptr<const std::string> body,
                                        exchange_handler& handler, exchange_options options) {
  auto& scope = state_->scope;
  const auto job = std::make_shared<client_exchange>(scope, handler);
  job->body = std::move(body);
  job->to = to;
  job->head = write_head(*job, head, scope->profile_of(to).authorization);
  job->to_head = head.method == "HEAD";
  job->idle_timeout =
      options.idle_timeout.count() > 0 ? options.idle_timeout : scope->limits.idle_timeout;
  scope->exchanges.insert(job);
  if (is_sendable(head)) {
    job->begin();
  } else {
    job->fail_later(errc::invalid_request, "the method, target or a field is not one line");
  }
  return job;
}

void client::describe(const endpoint& at, upstream_profile profile) {
  state_->scope->profiles[at] = std::move(profile);
}

void client::forget(const endpoint& to) {
  for (const auto& each : state_->scope->pool.take_all(to)) each->close();
}

void client::abort() {
  const auto exchanges = std::exchange(state_->scope->exchanges, {});
  for (const auto& each : exchanges) each->cancel();
  const auto connections = std::exchange(state_->scope->connections, {});
  for (const auto& each : connections) each->close();
}

std::size_t client::open_connections() const {
  return state_->scope->connections.size();
}

}  // namespace troupe::transport::http
