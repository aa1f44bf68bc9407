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

}  // namespace

node_admin::node_admin(caf::actor_config& cfg, io_thread* home, admin_options options)
    : pinned{cfg, home}, options_{std::move(options)} {}

node_admin::behavior_type node_admin::make_behavior() {
  go_on();
  return {
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

void node_admin::on_exit() {
  options_ = {};
}

void node_admin::answer(const answer_ptr& to, unsigned status, std::string body,
                        std::string_view type) {
  if (to->client == nullptr || !std::exchange(to->is_due, false)) return;
  http::response_head head;
  head.status = status;
  head.fields.add("Content-Type", type);
  to->client->send(std::move(head), std::move(body));
}

void node_admin::refuse(const answer_ptr& to, errc code, const std::string& text) {
  answer(to, http::status_of(code), http::error_body(code, text));
}

void node_admin::take_request(const http::request& message, const answer_ptr& to) {
  const auto order = read_order(message, record().spec.admin.token, table());
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
    case admin_verb::cluster:
      return show_cluster(to);
    case admin_verb::metrics:
      return show_metrics(to);
  }
}

void node_admin::list(const answer_ptr& to) {
  std::set<std::string> leaving;
  for (const auto& [name, out] : table().departures()) leaving.insert(name);
  const auto router = options_.names->find_as<actors::router_actor>(actors::router_name);
  if (!router) return answer(to, 200, engines_page(table().engines(), leaving, {}));
  ask(
      this, router, listing_timeout, actors::get_models{},
      [this, to, leaving](const actors::model_listing& listing) {
        answer(to, 200, engines_page(table().engines(), leaving, listing.engines));
      },
      [this, to](const caf::error& error) {
        refuse(to, errc::overloaded, "the router did not answer: " + failure_text(error));
      });
}

}  // namespace troupe::apps
