// What a request to the admin API asks for, and whether it may.
//
// Pure. Errors: not_found, method_not_allowed, invalid_request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "transport/http/message.hpp"

namespace troupe::apps {

enum class admin_verb : std::uint8_t {
  list,     // GET /admin/engines
  add,      // POST /admin/engines
  drain,    // POST /admin/engines/NAME/drain
  resume,   // POST /admin/engines/NAME/resume
  remove,   // DELETE /admin/engines/NAME, with ?force at once
  reload,   // POST /admin/reload
  cluster,  // GET /admin/cluster
  metrics,  // GET /metrics
};

struct admin_call {
  admin_verb verb = admin_verb::list;
  std::string engine;
  bool force = false;
};

// Reads method and target.
caf::expected<admin_call> read_admin_call(std::string_view method, std::string_view target);

// True where the request carries the token; an empty token lets everybody in. Takes as long for a
// wrong token as for the right one.
bool is_authorised(const transport::http::request& message, std::string_view token);

// True for a request a browser sends on behalf of some page: none of ours does.
bool is_from_a_page(const transport::http::request& message);

}  // namespace troupe::apps
