// Which node's admin API a command calls, and with what; the flags that such commands share.
#pragma once

#include <cstdint>
#include <string>

#include "apps/cli_flags.hpp"
#include "config/environment.hpp"

namespace CLI {
class App;
}

namespace troupe::apps {

struct admin_flags {
  flag_text admin;
  flag_text token;
};

// A call of the admin API.
struct admin_request {
  std::string host;
  std::uint16_t port = 0;
  std::string token;
  std::string method;
  std::string target;
  std::string body;
};

// Adds --admin and --token; `flags` must outlive the parse.
void add_admin_flags(CLI::App& command, admin_flags& flags);

// Reads where the API listens, and its token, from flags or else the environment.
void read_admin_flags(const admin_flags& flags, const config::environment& variables,
                      admin_request& out, flag_reader& read);

}  // namespace troupe::apps
