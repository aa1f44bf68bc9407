// What endpoints are shown, and whom to believe that they are who they say.
#pragma once

#include <caf/error.hpp>

#include "apps/bench/settings.hpp"
#include "transport/http/client.hpp"

namespace troupe::apps::bench {

// Tells the client how the endpoints of a benchmark are spoken to: its API key, and TLS for those
// of https. Errors: invalid_config naming the file of authorities that cannot be used.
caf::error trust_endpoints(transport::http::client& client, const bench_settings& settings);

}  // namespace troupe::apps::bench
