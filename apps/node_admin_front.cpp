#include "apps/node_admin_front.hpp"

#include <set>
#include <utility>

#include "runtime/log.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::apps {

namespace http = transport::http;

namespace {

constexpr const char* restarting_text = "the admin actor is being restarted; try again";

config::http_limits admin_http_limits() {
  config::http_limits limits;
  limits.body_bytes_max = 1024 * 1024;
  limits.connections_max = 64;
  return limits;
}

// Answers what no actor has answered.
void answer_for_nobody(admin_answer& to) {
  if (!to.is_due || to.client == nullptr) return;
  to.is_due = false;
  http::response_head head;
  head.status = http::status_of(errc::overloaded);
  head.fields.add("Content-Type", "application/json");
  head.fields.add("Retry-After", "1");
  to.client->send(std::move(head), http::error_body(errc::overloaded, restarting_text));
}

}  // namespace

// What the front, its connections and the actor's starts share.
struct admin_front::desk {
  // Hands the calls that come to this actor; those of the one before it have lost theirs.
  void take_over(admin_actor fresh) {
    if (closed) return;
    actor = std::move(fresh);
    for (const auto& each : std::set{answers}) answer_for_nobody(*each);
    if (!std::exchange(has_started, true)) started.set_value();
  }

  // False where there is no actor, or where the call ends it.
  template <class F>
  bool call(F f) {
    const auto kept = actor;
    if (!kept) return false;
    auto& object = object_of<node_admin>(kept);
    return object.call([&] { f(object); });
  }

  admin_actor actor;
  std::set<std::shared_ptr<admin_answer>> answers;  // one for each connection
  std::promise<void> started;
  bool has_started = false;
  bool closed = false;
};

admin_front::admin_front(io_thread& home) : home_{home}, desk_{std::make_shared<desk>()} {}

child_spec admin_front::admin_child(const admin_options& options) {
  child_spec child;
  child.name = "admin/api";
  child.start = [options, desk = desk_,
                 home = &home_](caf::actor_system& system) -> caf::expected<caf::actor> {
    auto actor = spawn_pinned<node_admin>(system, home, options);
    home->post([desk, actor] { desk->take_over(actor); });
    return caf::actor_cast<caf::actor>(actor);
  };
  return child;
}

std::future<void> admin_front::started() {
  return desk_->started.get_future();
}

caf::expected<std::uint16_t> admin_front::listen(const config::admin_spec& at) {
  class session final : public http::session {
   public:
    session(std::shared_ptr<desk> at, http::connection& client)
        : desk_{std::move(at)}, answer_{std::make_shared<admin_answer>()} {
      answer_->client = &client;
      desk_->answers.insert(answer_);
    }

    void on_request(http::request message) override {
      answer_->is_due = true;
      const bool taken =
          desk_->call([&](node_admin& actor) { actor.take_request(message, answer_); });
      if (!taken) answer_for_nobody(*answer_);
    }
    void on_close() override {
      answer_->client = nullptr;
      desk_->answers.erase(answer_);
    }

   private:
    std::shared_ptr<desk> desk_;
    node_admin::answer_ptr answer_;
  };
  server_.emplace(home_.context(), admin_http_limits(), [desk = desk_](http::connection& client) {
    return std::make_shared<session>(desk, client);
  });
  return server_->listen(at.address, at.port, false);
}

void admin_front::reload() {
  home_.post([desk = desk_] {
    const bool taken = desk->call([](node_admin& actor) { actor.reload(); });
    if (!taken) log::error("reload: nothing is changed", {{"why", restarting_text}});
  });
}

void admin_front::close() {
  if (server_) server_->abort();
  server_.reset();
  desk_->closed = true;
  desk_->actor = nullptr;
}

}  // namespace troupe::apps
