// The command `troupe keygen FILE`: a new key pair for the nodes of a cluster.
#pragma once

#include <string>

#include <caf/expected.hpp>

#include "apps/cli.hpp"

namespace CLI {
class App;
}

namespace troupe::apps {

// Adds the subcommand.
void add_keygen(CLI::App& app, keygen_command& keygen);

// Makes the key pair, writes its file and returns what is printed, which is not the secret.
// Errors: io_error (the file is there already, or cannot be written), unsupported.
caf::expected<std::string> write_new_cluster_key(const std::string& file);

}  // namespace troupe::apps
