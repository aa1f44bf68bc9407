// The program `troupe`: reads the command line and does what it says.
#include <cstdio>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "apps/admin_client.hpp"
#include "apps/admin_tables.hpp"
#include "apps/bench/run_bench.hpp"
#include "apps/check_files.hpp"
#include "apps/cli.hpp"
#include "apps/cli_key.hpp"
#include "apps/cli_keygen.hpp"
#include "apps/node.hpp"
#include "apps/version_text.hpp"
#include "config/environment.hpp"
#include "config/field_reference.hpp"
#include "config/field_schema.hpp"
#include "engine/embedded/model/tiny_model.hpp"
#include "engine/embedded/serve/engine_app.hpp"
#include "runtime/errc.hpp"
#include "runtime/large_pages.hpp"

namespace {

using namespace troupe;
using namespace troupe::apps;

void print(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

// How this program was called.
struct invocation {
  std::string program;
  std::vector<std::string> arguments;
};

// The path of this program, to start engines with: what the system says, else what it was called.
std::string program_path(const char* called) {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string{called} : path.string();
}

// What the command line says by now: its file may have changed.
caf::expected<config::reloaded> reread(const std::vector<std::string>& arguments) {
  const command again = parse_command(arguments, config::process_environment());
  if (const auto* up = std::get_if<up_command>(&again)) {
    return config::reloaded{up->topology, up->node};
  }
  const auto* done = std::get_if<finished>(&again);
  return make_failure(errc::invalid_config, done != nullptr ? done->text : "it is no `troupe up`");
}

// Room for the bodies of requests under way; a node that needs none of it keeps none.
constexpr std::size_t heap_bytes = 32 * 1024 * 1024;

int run(const up_command& up, const invocation& by) {
  put_heap_on_large_pages(heap_bytes);
  return run_node(up.node,
                  node_options{by.program, up.topology, [by] { return reread(by.arguments); }});
}

int run(const engine_command& engine, const invocation&) {
  return engine::run_engine(engine.options);
}

// Calls a node and shows the answer, by `table` where there is one.
int call_and_show(const admin_request& call, std::string (*table)(std::string_view)) {
  const call_outcome outcome = call_admin(call);
  if (outcome.good) {
    print(stdout, table != nullptr ? table(outcome.text) : outcome.text);
    return exit_success;
  }
  print(stderr, "troupe: " + outcome.text + "\n");
  return exit_failure;
}

int run(const engines_command& engines, const invocation&) {
  return call_and_show(engines, engines.as_table ? engines_table : nullptr);
}

int run(const status_command& status, const invocation&) {
  return call_and_show(status, status.json ? nullptr : status_tables);
}

int run(const check_command& check, const invocation&) {
  const check_report report = check_files(check, config::process_environment());
  print(stdout, report.summary);
  print(stderr, report.mistakes);
  return report.exit_code;
}

int run(const tiny_model_command& tiny, const invocation&) {
  const caf::error error = engine::make_tiny_model(tiny.path, tiny.options);
  if (!error) return exit_success;
  print(stderr, "troupe: " + failure_text(error) + "\n");
  return failure_code(error, errc::io_error) == errc::invalid_config ? exit_bad_usage
                                                                     : exit_failure;
}

int run(const key_command& key, const invocation&) {
  print(stdout, new_key_text(key.name));
  return exit_success;
}

int run(const keygen_command& keygen, const invocation&) {
  const auto text = write_new_cluster_key(keygen.file);
  print(text ? stdout : stderr, text ? *text : "troupe: " + failure_text(text.error()) + "\n");
  return text ? exit_success : exit_failure;
}

int run(const schema_command& schema, const invocation&) {
  const bool is_json = schema.format == schema_format::json;
  print(stdout, is_json ? config::render_schema() : config::render_reference());
  return exit_success;
}

int run(const bench_command& bench, const invocation&) {
  return bench::run_bench(bench.settings);
}

int run(const version_command&, const invocation&) {
  print(stdout, version_text());
  return exit_success;
}

int run(const finished& done, const invocation&) {
  if (done.exit_code == exit_success) {
    print(stdout, done.text);
  } else {
    print(stderr, "troupe: " + done.text + "\n");
  }
  return done.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments{argv + (argc > 0 ? 1 : 0), argv + argc};
  const command chosen = parse_command(arguments, config::process_environment());
  const invocation by{program_path(argc > 0 ? argv[0] : "troupe"), arguments};
  return std::visit([&](const auto& c) { return run(c, by); }, chosen);
}
