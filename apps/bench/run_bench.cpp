#include "apps/bench/run_bench.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "apps/bench/endpoint_probe.hpp"
#include "apps/bench/endpoint_run.hpp"
#include "apps/bench/endpoint_trust.hpp"
#include "apps/bench/report.hpp"
#include "apps/bench/workload_maker.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto progress_step_tty = 250ms;
constexpr auto progress_step_plain = 5s;
constexpr std::size_t header_bytes_max = 64 * 1024;

void say(const std::string& line) {
  std::fprintf(stderr, "troupe: %s\n", line.c_str());
}

// One line that is rewritten on a terminal; a line now and then elsewhere.
class progress_line {
 public:
  std::chrono::milliseconds step() const {
    return is_tty_ ? progress_step_tty : std::chrono::milliseconds{progress_step_plain};
  }
  void show(const std::string& text) {
    std::fprintf(stderr, is_tty_ ? "\r\x1b[K%s" : "%s\n", text.c_str());
    std::fflush(stderr);
  }
  void end() const {
    if (is_tty_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  bool is_tty_ = isatty(STDERR_FILENO) == 1;
};

// Each request under way is a socket.
void allow_sockets(std::size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t need = wanted + 64;
  if (limit.rlim_cur >= need) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, need);
  setrlimit(RLIMIT_NOFILE, &limit);
}

config::client_limits client_limits_of(const bench_settings& settings) {
  config::client_limits limits;
  limits.header_bytes_max = header_bytes_max;
  limits.pooled_connections_max = settings.connections_max;
  limits.idle_timeout = settings.timeout;
  return limits;
}

class benchmark {
 public:
  benchmark(const bench_settings& settings, const workload_maker& maker)
      : settings_{settings},
        maker_{maker},
        client_{loop_.context(), client_limits_of(settings)},
        ticks_{loop_.make_alarm([this] { tick(); })} {}

  // Learns what is to be known of the endpoints.
  caf::error prepare();

  // Runs all repeats, or as many as it is let.
  void measure();

  const std::vector<endpoint_result>& results() const { return results_; }

 private:
  void measure_one(endpoint_result& result, std::size_t endpoint, std::uint32_t repeat);
  endpoint_run_options options_of(const endpoint_result& result, const std::string& run) const;
  void tick();

  const bench_settings& settings_;
  const workload_maker& maker_;
  run_loop loop_;
  transport::http::client client_;
  progress_line line_;
  std::unique_ptr<run_loop::alarm> ticks_;
  std::optional<endpoint_run> run_;
  std::string label_;
  std::vector<endpoint_result> results_;
};

caf::error benchmark::prepare() {
  if (caf::error error = trust_endpoints(client_, settings_)) return error;
  endpoint_probe probe{loop_, client_, settings_};
  const bool counts = maker_.counts_tokens() && settings_.bytes_per_token == 0;
  for (const target& where : settings_.targets) {
    endpoint_result result{where, settings_.model, {}, {}};
    if (result.model.empty()) {
      auto model = probe.first_model(where);
      if (!model) return model.error();
      result.model = std::move(*model);
    }
    if (settings_.bytes_per_token > 0) result.scale.bytes_per_token = settings_.bytes_per_token;
    if (counts) {
      const auto scale = probe.scale(where, result.model);
      if (!scale) return scale.error();
      result.scale = *scale;
    }
    results_.push_back(std::move(result));
  }
  return {};
}

// All endpoints in each repeat, each repeat beginning with another, so that what changes on the
// machine meets all of them alike.
void benchmark::measure() {
  for (std::uint32_t repeat = 0; repeat < settings_.repeats; ++repeat) {
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (loop_.is_interrupted()) return;
      const std::size_t endpoint = (i + repeat) % results_.size();
      measure_one(results_[endpoint], endpoint, repeat);
    }
  }
}

endpoint_run_options benchmark::options_of(const endpoint_result& result,
                                           const std::string& run) const {
  endpoint_run_options options;
  options.where = result.where;
  options.body = {settings_.api, result.model, settings_.stop_early};
  options.limits = {settings_.connections_max, settings_.warmup, settings_.duration};
  options.timeout = settings_.timeout;
  options.fields = settings_.fields;
  options.session_header = settings_.session_header;
  options.session_prefix = run + "-";
  return options;
}

// The schedule is that of the repeat. The texts are of this run alone: no endpoint finds in a cache
// what another one, or an earlier repeat, has put there.
void benchmark::measure_one(endpoint_result& result, std::size_t endpoint, std::uint32_t repeat) {
  const std::uint64_t schedule = mixed_seed(settings_.seed, repeat);
  const workload_seeds seeds{schedule, mixed_seed(schedule, endpoint)};
  label_ = result.where.name;
  if (settings_.repeats > 1) {
    label_ += " " + std::to_string(repeat + 1) + "/" + std::to_string(settings_.repeats);
  }
  run_.emplace(loop_, client_, options_of(result, std::to_string(seeds.text)),
               maker_.make(seeds, result.scale));
  loop_.on_interrupt([this] { run_->interrupt(); });
  run_->begin();
  ticks_->set(now() + line_.step());
  loop_.run_until([this] { return run_->is_finished(); });
  ticks_->clear();
  line_.end();
  loop_.on_interrupt({});
  result.runs.push_back(run_->take_result());
  run_.reset();
}

void benchmark::tick() {
  if (!run_) return;
  line_.show(progress_text(label_, run_->progress(), run_->elapsed_s()));
  ticks_->set(now() + line_.step());
}

// Returns whether the file is written; an empty name asks for none.
bool write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool good = file != nullptr;
  if (good) {
    good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    good = std::fclose(file) == 0 && good;
  }
  say(good ? "wrote " + path : path + " cannot be written");
  return good;
}

int report(const bench_settings& settings, const std::vector<endpoint_result>& results) {
  std::fputs(text_report(settings, results).c_str(), stdout);
  std::fflush(stdout);
  bool good =
      settings.json_file.empty() || write_file(settings.json_file, json_report(settings, results));
  if (!settings.svg_file.empty()) {
    good = write_file(settings.svg_file, svg_report(settings, results)) && good;
  }
  for (const endpoint_result& each : results) {
    const figures found = figures_of(each.runs);
    if (!exceeds(found, settings.errors_max)) continue;
    say(each.where.name + ": " + std::to_string(found.failed) + " of " +
        std::to_string(found.failed + found.answered) +
        " requests failed, more than --errors-max allows");
    good = false;
  }
  return good ? 0 : 1;
}

}  // namespace

int run_bench(const bench_settings& settings) {
  const auto maker = workload_maker::open(settings);
  if (!maker) {
    say(failure_text(maker.error()));
    return 1;
  }
  allow_sockets(settings.connections_max);
  benchmark all{settings, *maker};
  if (const caf::error error = all.prepare()) {
    say(failure_text(error));
    return 1;
  }
  all.measure();
  return report(settings, all.results());
}

}  // namespace troupe::apps::bench
