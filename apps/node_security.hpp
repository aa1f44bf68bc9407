// What a node's connections are sealed with and who may use them: its certificate, its clients'
// keys, and what each engine is shown.
//
// Thread: made before the I/O threads use it; what they share of it synchronises itself.
// Errors: invalid_config naming the file at fault.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "actors/stream/api_keys.hpp"
#include "config/topology.hpp"
#include "transport/http/client.hpp"
#include "transport/http/tls_identity.hpp"

namespace troupe::apps {

// Which engine, and how it is spoken to.
using engine_profile = std::pair<transport::http::endpoint, transport::http::upstream_profile>;

struct node_security {
  std::shared_ptr<transport::http::tls_identity> identity;  // none: plain HTTP
  std::unique_ptr<actors::api_keys> keys;
  std::vector<engine_profile> engines;
};

// Says how one engine, of kind openai, is spoken to.
caf::expected<transport::http::upstream_profile> profile_of(const config::engine_spec& engine);

// Returns the engines of other nodes of a cluster that routers of this one may speak to.
std::vector<config::engine_spec> engines_elsewhere(const config::topology& all,
                                                   const config::node_spec& here);

// Reads the files that the node's spec names, and those of engines elsewhere.
caf::expected<node_security> open_security(const config::node_spec& spec,
                                           const std::vector<config::engine_spec>& elsewhere);

// Makes what is in use what the spec says: its keys, and where TLS is on before and after, its
// certificate. Returns how the spec's engines are spoken to; after an error nothing has changed.
caf::expected<std::vector<engine_profile>> renew_security(
    node_security& in_use, const config::node_spec& spec,
    const std::vector<config::engine_spec>& elsewhere);

}  // namespace troupe::apps
