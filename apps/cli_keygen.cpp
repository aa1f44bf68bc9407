#include "apps/cli_keygen.hpp"

#include <CLI/CLI.hpp>

#include "transport/zmq/cluster_key.hpp"

namespace troupe::apps {

void add_keygen(CLI::App& app, keygen_command& keygen) {
  CLI::App* made = app.add_subcommand("keygen", "Make the key that the nodes of a cluster share");
  made->add_option("FILE", keygen.file, "The file to write; it must not be there yet")->required();
  made->footer(
      "Example:\n"
      "  troupe keygen cluster.key\n"
      "\n"
      "All nodes of a cluster need the same file. Who has it can send their actors anything: only "
      "its owner may read it.");
}

caf::expected<std::string> write_new_cluster_key(const std::string& file) {
  auto key = transport::zmq::make_cluster_key();
  if (!key) return key.error();
  if (auto done = transport::zmq::write_cluster_key(file, *key); !done) return done.error();
  return "wrote " + file + ", readable by you only; its public half is " + key->public_key + "\n";
}

}  // namespace troupe::apps
