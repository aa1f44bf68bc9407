#include "apps/cli_engines.hpp"

#include <CLI/CLI.hpp>

#include "config/mistake.hpp"
#include "config/text_form.hpp"
#include "config/units.hpp"
#include "runtime/errc.hpp"
#include "runtime/json_string.hpp"

namespace troupe::apps {

namespace {

const std::vector<std::string_view>& verb_names() {
  static const std::vector<std::string_view> names{"list",   "add",    "drain",
                                                   "resume", "remove", "reload"};
  return names;
}

constexpr const char* examples =
    "Commands:\n"
    "  list              what the engines of the node do\n"
    "  add NAME URL      give requests to a server that runs at http://HOST:PORT\n"
    "  drain NAME        no new requests; those under way are finished\n"
    "  resume NAME       requests again\n"
    "  remove NAME       drain, then forget it; an embedded engine's process ends\n"
    "  reload            read the node's file again, as SIGHUP does\n"
    "\n"
    "Examples:\n"
    "  troupe engines list --admin http://127.0.0.1:9000\n"
    "  troupe engines add gpu-7 http://10.0.0.7:8000 --weight 2\n"
    "  troupe engines remove gpu-7\n"
    "      with TROUPE_ADMIN and TROUPE_ADMIN_TOKEN in the environment\n"
    "\n"
    "The node needs an `admin` section in its file: docs/operations.md";

std::string body_of(const engines_flags& flags, flag_reader& read) {
  std::uint32_t weight = 1, requests = 0;
  read.count("--weight", flags.weight, {1, 1'000}, weight);
  read.count("--requests", flags.requests, {0, 1'000'000}, requests);
  std::string body = R"({"kind":"openai","name":)";
  append_json_string(body, flags.words[1]);
  body += R"(,"url":)";
  append_json_string(body, flags.words[2]);
  return body + R"(,"weight":)" + std::to_string(weight) + R"(,"requests":)" +
         std::to_string(requests) + "}";
}

// What the verb takes, NAME and URL.
std::size_t words_of(std::string_view verb) {
  if (verb == "list" || verb == "reload") return 1;
  return verb == "add" ? 3 : 2;
}

void check_words(const engines_flags& flags, flag_reader& read) {
  const auto& words = flags.words;
  const auto expected = words_of(words[0]);
  if (words.size() != expected) {
    return read.fail("engines " + words[0] + " takes " +
                     (expected == 1   ? "nothing more"
                      : expected == 2 ? "the NAME of an engine"
                                      : "a NAME and a URL"));
  }
  const bool has_name = expected >= 2;
  if (has_name && !config::form_mistake(config::text_form::name, words[1]).empty()) {
    return read.fail("NAME " + config::form_mistake(config::text_form::name, words[1]));
  }
  if (expected == 3 && !config::url_mistake(words[2]).empty()) {
    return read.fail("URL " + config::quote(words[2]) + " " + config::url_mistake(words[2]));
  }
  if ((flags.weight || flags.requests) && words[0] != "add") {
    return read.fail("--weight and --requests are for engines add");
  }
  if (flags.force && words[0] != "remove") read.fail("--force is for engines remove");
}

void take_verb(const engines_flags& flags, engines_command& out, flag_reader& read) {
  const auto& verb = flags.words[0];
  const std::string engines = "/admin/engines";
  out.method = verb == "list" ? "GET" : verb == "remove" ? "DELETE" : "POST";
  out.as_table = verb == "list";
  if (verb == "list" || verb == "add") out.target = engines;
  if (verb == "add") out.body = body_of(flags, read);
  if (verb == "reload") out.target = "/admin/reload";
  if (verb == "drain" || verb == "resume") out.target = engines + "/" + flags.words[1] + "/" + verb;
  if (verb == "remove") out.target = engines + "/" + flags.words[1] + (flags.force ? "?force" : "");
}

}  // namespace

CLI::App* add_engines(CLI::App& app, engines_flags& flags) {
  CLI::App* engines = app.add_subcommand("engines", "List, add, drain and remove a node's engines");
  engines->add_option("COMMAND", flags.words, "What to do, and with which engine")
      ->required()
      ->expected(1, 3);
  add_admin_flags(*engines, flags.node);
  engines->add_option("--weight", flags.weight, "add: share of the requests [1]")->type_name("N");
  engines->add_option("--requests", flags.requests, "add: at once at most; 0: no bound [0]")
      ->type_name("N");
  engines->add_flag("--force", flags.force, "remove: at once, requests under way or not");
  engines->footer(examples);
  return engines;
}

caf::expected<engines_command> engines_command_of(const engines_flags& flags,
                                                  const config::environment& variables) {
  engines_command command;
  flag_reader read;
  if (!read.read_word("engines", flags.words.front(), verb_names())) return read.error();
  check_words(flags, read);
  if (!read.error()) take_verb(flags, command, read);
  read_admin_flags(flags.node, variables, command, read);
  if (caf::error error = read.error()) return error;
  return command;
}

}  // namespace troupe::apps
