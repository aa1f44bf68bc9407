#include "apps/cli_key.hpp"

#include <CLI/CLI.hpp>

#include "config/text_form.hpp"
#include "runtime/digest.hpp"

namespace troupe::apps {

namespace {

constexpr std::size_t letters_of_a_key = 43;  // 256 bits

}  // namespace

void add_key(CLI::App& app, key_command& key) {
  CLI::App* group = app.add_subcommand("key", "Make API keys for an endpoint");
  group->require_subcommand(1);
  CLI::App* made = group->add_subcommand("new", "Print a new key and the lines that admit it");
  made->add_option("NAME", key.name, "What logs and metrics call the key")->required();
  group->footer(
      "Example:\n"
      "  troupe key new team-a\n"
      "\n"
      "The key is shown this once and stored nowhere; the file takes its SHA-256 only.");
}

command finish_key(const key_command& key) {
  const std::string mistake = config::form_mistake(config::text_form::name, key.name);
  if (mistake.empty()) return key;
  return finished{exit_bad_usage, "the key's name " + mistake};
}

std::string new_key_text(const std::string& name) {
  const std::string key = "sk-troupe-" + random_letters(letters_of_a_key);
  return "key, for the client; it is not shown again:\n"
         "  " +
         key +
         "\n"
         "lines for the configuration file:\n"
         "  endpoint:\n"
         "    api_keys:\n"
         "      " +
         name + ": {sha256: " + to_hex(sha256(key)) + "}\n";
}

}  // namespace troupe::apps
