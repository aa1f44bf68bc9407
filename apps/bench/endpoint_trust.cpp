#include "apps/bench/endpoint_trust.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "transport/http/tls_context.hpp"

namespace troupe::apps::bench {

namespace http = transport::http;

namespace {

caf::expected<std::shared_ptr<http::tls_context>> belief_of(const bench_settings& settings) {
  const bool is_needed = std::any_of(settings.targets.begin(), settings.targets.end(),
                                     [](const target& each) { return each.is_sealed(); });
  if (!is_needed) return std::shared_ptr<http::tls_context>{};
  if (settings.insecure) return http::tls_context::of_credulous_client();
  return http::tls_context::of_client(settings.ca);
}

}  // namespace

caf::error trust_endpoints(http::client& client, const bench_settings& settings) {
  const auto belief = belief_of(settings);
  if (!belief) return belief.error();
  for (const target& each : settings.targets) {
    http::upstream_profile profile;
    if (!settings.api_key.empty()) profile.authorization = "Bearer " + settings.api_key;
    if (each.is_sealed()) profile.tls = *belief;
    client.describe(each.at, std::move(profile));
  }
  return {};
}

}  // namespace troupe::apps::bench
