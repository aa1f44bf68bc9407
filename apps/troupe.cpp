// The program `troupe`: reads the command line and does what it says.
#include <cstdio>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "apps/bench/run_bench.hpp"
#include "apps/check_files.hpp"
#include "apps/cli.hpp"
#include "apps/cli_key.hpp"
#include "apps/node.hpp"
#include "apps/version_text.hpp"
#include "config/environment.hpp"
#include "config/field_reference.hpp"
#include "config/field_schema.hpp"
#include "engine/embedded/model/tiny_model.hpp"
#include "engine/embedded/serve/engine_app.hpp"
#include "runtime/errc.hpp"

namespace {

using namespace troupe;
using namespace troupe::apps;

void print(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

// The path of this program, to start engines with: what the system says, else what it was called.
std::string program_path(const char* called) {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string{called} : path.string();
}

int run(const up_command& up, const std::string& program) {
  return run_node(up.node, node_options{program});
}

int run(const engine_command& engine, const std::string&) {
  return engine::run_engine(engine.options);
}

int run(const check_command& check, const std::string&) {
  const check_report report = check_files(check.files, config::process_environment());
  print(stdout, report.summary);
  print(stderr, report.mistakes);
  return report.exit_code;
}

int run(const tiny_model_command& tiny, const std::string&) {
  const caf::error error = engine::make_tiny_model(tiny.path, tiny.options);
  if (!error) return exit_success;
  print(stderr, "troupe: " + failure_text(error) + "\n");
  return failure_code(error, errc::io_error) == errc::invalid_config ? exit_bad_usage
                                                                     : exit_failure;
}

int run(const key_command& key, const std::string&) {
  print(stdout, new_key_text(key.name));
  return exit_success;
}

int run(const schema_command& schema, const std::string&) {
  const bool is_json = schema.format == schema_format::json;
  print(stdout, is_json ? config::render_schema() : config::render_reference());
  return exit_success;
}

int run(const bench_command& bench, const std::string&) {
  return bench::run_bench(bench.settings);
}

int run(const version_command&, const std::string&) {
  print(stdout, version_text());
  return exit_success;
}

int run(const finished& done, const std::string&) {
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
  const std::string program = program_path(argc > 0 ? argv[0] : "troupe");
  return std::visit([&](const auto& c) { return run(c, program); }, chosen);
}
