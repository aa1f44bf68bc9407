#include "apps/node_admin.hpp"

#include <set>
#include <utility>

#include "actors/names.hpp"
#include "apps/admin_pages.hpp"
#include "runtime/ask.hpp"
#include "runtime/log.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::apps {

namespace http = transport::http;

namespace {

constexpr std::chrono::milliseconds listing_timeout{2'000};

config::http_limits admin_http_limits() {
  config::http_limits limits;
  limits.body_bytes_max = 1024 * 1024;
  limits.connections_max = 64;
  return limits;
}

class admin_session final : public http::session {
 public:
  admin_session(admin_actor handle, node_admin& actor, http::connection& client)
      : handle_{std::move(handle)}, actor_{actor}, answer_{std::make_shared<admin_answer>()} {
    answer_->client = &client;
  }

  void on_request(http::request message) override {
    // An actor that has ended answers nobody.
    const bool taken = actor_.call([&] { actor_.take_request(message, answer_); });
    if (!taken && answer_->client != nullptr) answer_->client->abort();
  }
  void on_close() override {
    answer_->client = nullptr;
    handle_ = nullptr;
  }

 private:
  admin_actor handle_;
  node_admin& actor_;  // lives as long as the handle
  node_admin::answer_ptr answer_;
};

}  // namespace

node_admin::node_admin(caf::actor_config& cfg, io_thread* home, admin_options options)
    : pinned{cfg, home}, options_{std::move(options)}, table_{options_.spec.engines} {}

node_admin::behavior_type node_admin::make_behavior() {
  return {
      [this](reload_request) { reload(std::make_shared<admin_answer>()); },
      [this](drain_tick) {
        ticking_ = false;
        const auto router = options_.names->find_as<actors::router_actor>(actors::router_name);
        if (!router) return schedule();
        ask(
            this, router, listing_timeout, actors::get_models{},
            [this](const actors::model_listing& listing) { take_away_drained(listing); },
            [this](const caf::error&) { schedule(); });
      },
  };
}

caf::expected<std::uint16_t> node_admin::listen() {
  server_ = std::make_unique<http::server>(
      home()->context(), admin_http_limits(), [this](http::connection& client) {
        return std::make_shared<admin_session>(admin_actor{this}, *this, client);
      });
  return server_->listen(options_.spec.admin.address, options_.spec.admin.port, false);
}

void node_admin::set_supervisor(supervisor_actor supervisor) {
  supervisor_ = std::move(supervisor);
}

void node_admin::on_exit() {
  if (server_) server_->abort();
  server_.reset();
  supervisor_ = nullptr;
  options_ = {};
}

void node_admin::answer(const answer_ptr& to, unsigned status, std::string body) {
  if (to->client == nullptr) return;
  http::response_head head;
  head.status = status;
  head.fields.add("Content-Type", "application/json");
  to->client->send(std::move(head), std::move(body));
}

void node_admin::refuse(const answer_ptr& to, errc code, const std::string& text) {
  answer(to, http::status_of(code), http::error_body(code, text));
}

void node_admin::take_request(const http::request& message, const answer_ptr& to) {
  const auto order = read_order(message, options_.spec.admin.token, table_);
  if (order.status == 401) {
    log::warn("admin call without the right token", {{"peer", to->client->peer()}});
  }
  if (order.status != 0) return answer(to, order.status, order.refusal);
  run(order, to);
}

void node_admin::run(const admin_order& order, const answer_ptr& to) {
  switch (order.call.verb) {
    case admin_verb::list:
      return list(to);
    case admin_verb::add:
      return add(order.added, to);
    case admin_verb::drain:
      return set_draining(order.call, true, to);
    case admin_verb::resume:
      return set_draining(order.call, false, to);
    case admin_verb::remove:
      return remove(order.call, to);
    case admin_verb::reload:
      return reload(to);
  }
}

void node_admin::list(const answer_ptr& to) {
  std::set<std::string> leaving;
  for (const auto& [name, out] : table_.departures()) leaving.insert(name);
  const auto router = options_.names->find_as<actors::router_actor>(actors::router_name);
  if (!router) return answer(to, 200, engines_page(table_.engines(), leaving, {}));
  ask(
      this, router, listing_timeout, actors::get_models{},
      [this, to, leaving](const actors::model_listing& listing) {
        answer(to, 200, engines_page(table_.engines(), leaving, listing.engines));
      },
      [this, to](const caf::error& error) {
        refuse(to, errc::overloaded, "the router did not answer: " + failure_text(error));
      });
}

}  // namespace troupe::apps
