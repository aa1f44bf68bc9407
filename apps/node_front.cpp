#include "apps/node_front.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include "actors/names.hpp"

namespace troupe::apps {

namespace {

bool needs_chain(config::routing_policy policy) {
  return policy == config::routing_policy::prefix || policy == config::routing_policy::session;
}

// True where some model's policy looks at the prompt.
bool needs_chains(const config::router_spec& router) {
  return needs_chain(router.policy) ||
         std::any_of(router.models.begin(), router.models.end(),
                     [](const auto& model) { return model.policy && needs_chain(*model.policy); });
}

actors::prompt_reader_options reader_options(const config::node_spec& spec,
                                             actors::hash_seed seed) {
  actors::prompt_reader_options options;
  options.seed = seed;
  options.body_bytes_max = spec.router.limits.prompt_bytes_max;
  options.hash_prompt = needs_chains(spec.router);
  options.session_field = spec.router.session.field;
  options.names = std::make_shared<const actors::model_names>(spec.router.models);
  return options;
}

}  // namespace

void run_on(io_thread& thread, const std::function<void()>& fn) {
  std::promise<void> done;
  thread.post([&] {
    fn();
    done.set_value();
  });
  done.get_future().wait();
}

node_front::node_front(caf::actor_system& system, io_thread& home, const shared& from)
    : seed_{from.seed},
      spec_{from.spec},
      client_{home.context(), spec_.client},
      context_{[this](const transport::http::endpoint& to, const transport::http::request& message,
                      std::shared_ptr<const std::string> body,
                      transport::http::exchange_handler& handler) {
                 return client_.start(to, message, std::move(body), handler);
               },
               spec_,
               from.names,
               from.metrics,
               actors::prompt_reader{reader_options(spec_, seed_)},
               cached_handle<actors::router_actor>{from.names, actors::router_name},
               from.metrics_page,
               from.ending},
      server_{home.context(), spec_.endpoint.limits,
              [this, &system, &home](transport::http::connection& connection) {
                return actors::make_stream_session(system, &home, context_, connection);
              },
              [&metrics = from.metrics](transport::http::closing why) {
                metrics.closed(why).Increment();
              }} {
  context_.keys = from.security.keys.get();
  server_.use_tls(from.security.identity);
  for (const auto& [engine, profile] : from.security.engines) client_.describe(engine, profile);
}

void node_front::apply(const config::node_spec& spec) {
  spec_.router = spec.router;
  spec_.stream = spec.stream;
  context_.reader.set_options(reader_options(spec_, seed_));
}

void node_front::stop_requests() {
  for (auto* stream : context_.streams) {
    caf::anon_send(actors::stream_actor{stream}, actors::stop_request{});
  }
}

}  // namespace troupe::apps
