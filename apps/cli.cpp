#include "apps/cli.hpp"

#include <CLI/CLI.hpp>

#include "apps/cli_bench.hpp"
#include "apps/cli_engine.hpp"
#include "apps/cli_engines.hpp"
#include "apps/cli_key.hpp"
#include "apps/cli_keygen.hpp"
#include "apps/cli_status.hpp"
#include "apps/cli_up.hpp"
#include "config/mistake.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps {

namespace {

// What the parser fills; one member for each subcommand that has flags.
struct parsed_flags {
  up_flags up;
  engine_flags engine;
  engines_flags engines;
  status_flags status;
  check_command check;
  key_command key;
  keygen_command keygen;
  tiny_model_command tiny;
  std::vector<flag_text> tiny_texts = std::vector<flag_text>(7);
  flag_text schema_format_name;
  bench_flag_sets bench;
};

constexpr const char* overview =
    "First steps:\n"
    "  troupe make-tiny-model tiny.gguf             a model of random weights, for trying\n"
    "  troupe up --model tiny.gguf --engines 2      two engines behind one endpoint\n"
    "  curl http://127.0.0.1:8000/v1/models\n"
    "\n"
    "Exit codes: 0 all is well, 1 a failure at run time, 2 a flag or the configuration is wrong.";

void add_check(CLI::App& app, parsed_flags& flags) {
  CLI::App* check = app.add_subcommand("check", "Report every mistake in actor config files");
  check->add_option("FILE", flags.check.files, "The files")->required();
  check->add_flag("--plan", flags.check.plan, "Say who runs where");
  check
      ->add_option("--without", flags.check.without,
                   "With --plan: as if this node were not there, and what moves; may be repeated")
      ->type_name("NODE")
      ->needs("--plan")
      ->allow_extra_args(false);
  check->footer(
      "Examples:\n"
      "  troupe check config/laptop.yaml\n"
      "  troupe check *.yaml && echo all good\n"
      "  troupe check config/cluster.yaml --plan --without engine-2\n"
      "\n"
      "Mistakes are written as file:line:column: sentence, and the exit code is 1. Starts "
      "nothing.");
}

constexpr const char* tiny_names[] = {"--seed",     "--layers", "--hidden", "--heads",
                                      "--kv-heads", "--ffn",    "--context"};
constexpr const char* tiny_help[] = {"Seed of the weights; the same seed gives the same file [1]",
                                     "Layers [2]",
                                     "Width of a layer, a multiple of heads and of 32 [64]",
                                     "Attention heads [4]",
                                     "Key and value heads; divides heads [2]",
                                     "Width of the feed-forward part, a multiple of 32 [128]",
                                     "Longest sequence in tokens [4096]"};

void add_tiny_model(CLI::App& app, parsed_flags& flags) {
  CLI::App* tiny = app.add_subcommand("make-tiny-model", "Write a small GGUF of random weights");
  tiny->add_option("PATH", flags.tiny.path, "The file to write")->required();
  for (std::size_t i = 0; i < flags.tiny_texts.size(); ++i) {
    tiny->add_option(tiny_names[i], flags.tiny_texts[i], tiny_help[i])->type_name("N");
  }
  tiny->footer(
      "Examples:\n"
      "  troupe make-tiny-model tiny.gguf\n"
      "  troupe make-tiny-model other.gguf --seed 7 --layers 4\n"
      "\n"
      "It answers fast and makes no sense: for tests, and for a first run without a network.");
}

void add_schema(CLI::App& app, parsed_flags& flags) {
  CLI::App* schema = app.add_subcommand("schema", "Print all keys of the actor config file");
  schema->add_option("--format", flags.schema_format_name, "json (JSON Schema) or markdown [json]")
      ->type_name("FORMAT");
  schema->footer(
      "Example:\n"
      "  troupe schema > topology.schema.json\n"
      "      for an editor with a YAML language server");
}

command finish_tiny_model(parsed_flags& flags) {
  engine::tiny_model_options& o = flags.tiny.options;
  flag_reader read;
  read.count(tiny_names[0], flags.tiny_texts[0], {0, ~std::uint64_t{0}}, o.seed);
  std::uint32_t* members[] = {&o.layers, &o.hidden, &o.heads, &o.kv_heads, &o.ffn, &o.context};
  for (std::size_t i = 0; i < std::size(members); ++i) {
    const std::uint64_t most = i + 1 == std::size(members) ? 1'000'000 : 8'192;
    read.count(tiny_names[i + 1], flags.tiny_texts[i + 1], {1, most}, *members[i]);
  }
  if (caf::error error = read.error()) return finished{exit_bad_usage, failure_text(error)};
  return flags.tiny;
}

command finish_schema(const parsed_flags& flags) {
  schema_command result;
  flag_reader read;
  read.choice("--format", flags.schema_format_name, {"json", "markdown"}, result.format);
  if (caf::error error = read.error()) return finished{exit_bad_usage, failure_text(error)};
  return result;
}

command finish_bench(const bench_flag_sets& flags, bool is_load,
                     const config::environment& variables) {
  auto settings =
      is_load ? bench_settings_of(bench::bench_kind::load, flags.load, variables)
              : bench_settings_of(bench::bench_kind::multi_round, flags.multi_round, variables);
  if (!settings) return finished{exit_bad_usage, failure_text(settings.error())};
  return bench_command{std::move(*settings)};
}

// Turns what the parser filled into the command of the subcommand that was named.
command finish(const std::string& name, parsed_flags& flags, const config::environment& variables) {
  if (name == "up") {
    auto up = up_command_of(flags.up, variables);
    if (!up) return finished{exit_bad_usage, failure_text(up.error())};
    return std::move(*up);
  }
  if (name == "engine") {
    auto options = engine_options_of(flags.engine);
    if (!options) return finished{exit_bad_usage, failure_text(options.error())};
    return engine_command{std::move(*options)};
  }
  if (name == "engines") {
    auto call = engines_command_of(flags.engines, variables);
    if (!call) return finished{exit_bad_usage, failure_text(call.error())};
    return std::move(*call);
  }
  if (name == "status") {
    auto call = status_command_of(flags.status, variables);
    if (!call) return finished{exit_bad_usage, failure_text(call.error())};
    return std::move(*call);
  }
  if (name == "check") return flags.check;
  if (name == "bench load" || name == "bench multi-round") {
    return finish_bench(flags.bench, name == "bench load", variables);
  }
  if (name == "key new") return finish_key(flags.key);
  if (name == "keygen") return flags.keygen;
  if (name == "make-tiny-model") return finish_tiny_model(flags);
  if (name == "schema") return finish_schema(flags);
  return version_command{};
}

// The command that was named, with the names that lead to it.
struct chosen_command {
  const CLI::App* app;
  std::string name;  // empty: none
};

chosen_command chosen_of(const CLI::App& app) {
  chosen_command chosen{&app, {}};
  for (auto subs = app.get_subcommands(); !subs.empty(); subs = chosen.app->get_subcommands()) {
    chosen.app = subs.front();
    chosen.name += (chosen.name.empty() ? "" : " ") + chosen.app->get_name();
  }
  return chosen;
}

// Explains an argument that no flag or command takes.
std::string unexpected(const CLI::App& app, const chosen_command& chosen) {
  const CLI::App& owner = *chosen.app;
  std::vector<std::string> names;
  for (const CLI::Option* option : owner.get_options()) names.push_back(option->get_name());
  for (const CLI::App* sub : owner.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
  }
  const std::vector<std::string> rest = app.remaining(true);
  const std::string word = rest.empty() ? "" : rest.front().substr(0, rest.front().find('='));
  const auto meant = config::closest(word, {names.begin(), names.end()});
  std::string text = config::quote(word) + " is not known to troupe";
  if (!chosen.name.empty()) text += " " + chosen.name;
  if (!meant.empty()) text += "; did you mean '" + std::string{meant} + "'?";
  return text;
}

// Says what is wrong, and where to read on.
finished bad_usage(const CLI::App& app, const CLI::ParseError& error) {
  const chosen_command chosen = chosen_of(app);
  std::string text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) text = unexpected(app, chosen);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    if (chosen.name.empty()) {
      text =
          "what shall it do? The commands are up, engine, engines, check, key, keygen, "
          "make-tiny-model, schema, bench, version";
    } else if (chosen.name == "bench") {
      text = "bench what? There are load and multi-round";
    } else if (chosen.name == "key") {
      text = "key what? There is new";
    }
  }
  if (text.ends_with('.')) text.pop_back();
  const std::string name = chosen.name.empty() ? "" : " " + chosen.name;
  return {exit_bad_usage, text + " (see troupe" + name + " --help)"};
}

}  // namespace

command parse_command(const std::vector<std::string>& arguments,
                      const config::environment& variables) {
  CLI::App app{"troupe - serves LLM engines as one system, behind one OpenAI-compatible endpoint",
               "troupe"};
  parsed_flags flags;
  bool wants_version = false;
  app.footer(overview);
  app.add_flag("--version", wants_version, "The same as the command version");
  add_up(app, flags.up);
  add_engine(app, flags.engine);
  add_engines(app, flags.engines);
  add_status(app, flags.status);
  add_check(app, flags);
  add_key(app, flags.key);
  add_keygen(app, flags.keygen);
  add_tiny_model(app, flags);
  add_schema(app, flags);
  add_bench(app, flags.bench);
  app.add_subcommand("version", "Print the versions of troupe and of what it is built with");
  try {
    app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
    if (wants_version) return version_command{};
    app.require_subcommand(1);
    if (app.get_subcommands().empty()) throw CLI::RequiredError{"a command"};
  } catch (const CLI::CallForHelp&) {
    return finished{exit_success, chosen_of(app).app->help()};
  } catch (const CLI::ParseError& error) {
    return bad_usage(app, error);
  }
  return finish(chosen_of(app).name, flags, variables);
}

}  // namespace troupe::apps
