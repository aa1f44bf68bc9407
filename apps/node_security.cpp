#include "apps/node_security.hpp"

#include <map>

#include "apps/node_tree.hpp"
#include "runtime/clock.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps {

namespace http = transport::http;

namespace {

bool is_sealed(const config::engine_spec& engine) {
  return engine.url.starts_with("https://");
}

// One context for each file of authorities, however many engines name it.
class client_contexts {
 public:
  caf::expected<std::shared_ptr<const http::tls_context>> of(const std::string& ca) {
    auto& slot = made_[ca];
    if (!slot) {
      auto context = http::tls_context::of_client(ca);
      if (!context) return std::move(context.error());
      slot = std::move(*context);
    }
    return slot;
  }

 private:
  std::map<std::string, std::shared_ptr<const http::tls_context>> made_;
};

caf::expected<http::upstream_profile> profile_with(const config::engine_spec& engine,
                                                   client_contexts& contexts) {
  http::upstream_profile profile;
  if (!engine.api_key.empty()) profile.authorization = "Bearer " + engine.api_key;
  if (is_sealed(engine)) {
    auto context = contexts.of(engine.ca);
    if (!context) return std::move(context.error());
    profile.tls = std::move(*context);
  }
  return profile;
}

}  // namespace

caf::expected<http::upstream_profile> profile_of(const config::engine_spec& engine) {
  client_contexts contexts;
  return profile_with(engine, contexts);
}

std::vector<config::engine_spec> engines_elsewhere(const config::topology& all,
                                                   const config::node_spec& here) {
  std::vector<config::engine_spec> engines;
  if (!all.cluster || !here.has_router) return engines;
  for (const auto& node : all.nodes) {
    if (node.name == here.name) continue;
    engines.insert(engines.end(), node.engines.begin(), node.engines.end());
  }
  for (const auto& each : all.placed) engines.push_back(each.engine);
  return engines;
}

caf::expected<node_security> open_security(const config::node_spec& spec,
                                           const std::vector<config::engine_spec>& elsewhere) {
  node_security out;
  out.keys = std::make_unique<actors::api_keys>(spec.endpoint.api_keys);
  if (!spec.endpoint.tls.certificate.empty()) {
    auto identity = http::tls_identity::open(spec.endpoint.tls);
    if (!identity) return std::move(identity.error());
    out.identity = std::move(*identity);
  }
  client_contexts contexts;
  auto engines = spec.engines;
  engines.insert(engines.end(), elsewhere.begin(), elsewhere.end());
  for (const auto& engine : engines) {
    if (engine.kind != config::engine_kind::openai) continue;
    auto profile = profile_with(engine, contexts);
    if (!profile) return std::move(profile.error());
    out.engines.emplace_back(engine_endpoint(engine.url), std::move(*profile));
  }
  return out;
}

caf::expected<std::vector<engine_profile>> renew_security(
    node_security& in_use, const config::node_spec& spec,
    const std::vector<config::engine_spec>& elsewhere) {
  auto fresh = open_security(spec, elsewhere);
  if (!fresh) return std::move(fresh.error());
  if (in_use.identity && fresh->identity) in_use.identity->adopt(*fresh->identity);
  in_use.keys->replace(spec.endpoint.api_keys, now());
  return std::move(fresh->engines);
}

}  // namespace troupe::apps
