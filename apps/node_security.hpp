// What a node's connections are sealed with and who may use them: its certificate, its clients'
// keys, and what each engine is shown.
//
// Thread: made before the I/O threads use it; what they share of it synchronises itself.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "actors/stream/api_keys.hpp"
#include "config/topology.hpp"
#include "transport/http/client.hpp"
#include "transport/http/tls_identity.hpp"

namespace troupe::apps {

struct node_security {
  std::shared_ptr<transport::http::tls_identity> identity;  // none: plain HTTP
  std::unique_ptr<actors::api_keys> keys;
  std::vector<std::pair<transport::http::endpoint, transport::http::upstream_profile>> engines;
};

// Says how one engine, of kind openai, is spoken to. Errors: invalid_config naming the file at
// fault.
caf::expected<transport::http::upstream_profile> profile_of(const config::engine_spec& engine);

// Reads the files that the node's spec names. Errors: invalid_config naming the file at fault.
caf::expected<node_security> open_security(const config::node_spec& spec);

}  // namespace troupe::apps
