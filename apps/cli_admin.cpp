#include "apps/cli_admin.hpp"

#include <CLI/CLI.hpp>

#include "config/mistake.hpp"
#include "config/text_form.hpp"
#include "config/units.hpp"

namespace troupe::apps {

namespace {

constexpr const char* admin_variable = "TROUPE_ADMIN";
constexpr const char* token_variable = "TROUPE_ADMIN_TOKEN";

// Reads http://HOST:PORT into the command.
void read_url(const admin_flags& flags, const config::environment& variables, admin_request& out,
              flag_reader& read) {
  std::string url = flags.admin.value_or(variables(admin_variable).value_or(""));
  if (url.empty()) {
    return read.fail(std::string{"which node? Give --admin http://HOST:PORT, or set "} +
                     admin_variable);
  }
  if (const auto mistake = config::url_mistake(url); !mistake.empty()) {
    return read.fail("--admin " + config::quote(url) + " " + mistake);
  }
  if (url.starts_with("https")) return read.fail("--admin: the admin API speaks plain http");
  if (url.ends_with('/')) url.pop_back();
  const auto host = url.substr(url.find("://") + 3);
  const auto colon = host.rfind(':');
  out.host = host.substr(0, colon);
  if (out.host.starts_with('[')) out.host = out.host.substr(1, out.host.size() - 2);
  out.port = static_cast<std::uint16_t>(config::parse_count(host.substr(colon + 1)).value_or(0));
}

}  // namespace

void add_admin_flags(CLI::App& command, admin_flags& flags) {
  command.add_option("--admin", flags.admin, "Where the node's admin API listens [TROUPE_ADMIN]")
      ->type_name("URL");
  command.add_option("--token", flags.token, "Its token [TROUPE_ADMIN_TOKEN]")->type_name("TEXT");
}

void read_admin_flags(const admin_flags& flags, const config::environment& variables,
                      admin_request& out, flag_reader& read) {
  read_url(flags, variables, out, read);
  out.token = flags.token.value_or(variables(token_variable).value_or(""));
}

}  // namespace troupe::apps
