#include "apps/cli_status.hpp"

#include <CLI/CLI.hpp>

namespace troupe::apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  troupe status --admin http://127.0.0.1:9000\n"
    "  troupe status --json | jq '.nodes[] | select(.state != \"up\")'\n"
    "      with TROUPE_ADMIN and TROUPE_ADMIN_TOKEN in the environment\n"
    "\n"
    "Any node of the cluster answers, each as it sees the others itself. It needs an `admin` "
    "section\n"
    "in the file: docs/operations.md";

}  // namespace

CLI::App* add_status(CLI::App& app, status_flags& flags) {
  CLI::App* status =
      app.add_subcommand("status", "Show a cluster as one node sees it: nodes, links, engines");
  add_admin_flags(*status, flags.node);
  status->add_flag("--json", flags.json, "As JSON, with all fields");
  status->footer(examples);
  return status;
}

caf::expected<status_command> status_command_of(const status_flags& flags,
                                                const config::environment& variables) {
  status_command command;
  flag_reader read;
  read_admin_flags(flags.node, variables, command, read);
  command.method = "GET";
  command.target = "/admin/cluster";
  command.json = flags.json;
  if (caf::error error = read.error()) return error;
  return command;
}

}  // namespace troupe::apps
