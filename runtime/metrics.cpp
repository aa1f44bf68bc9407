#include "runtime/metrics.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <prometheus/text_serializer.h>

#include "runtime/io_clock.hpp"

namespace troupe {

namespace {

struct sample {
  std::string_view name;
  std::string_view help;
  prometheus::MetricType type;
  double value;
};

prometheus::MetricFamily to_family(const sample& s) {
  prometheus::ClientMetric metric;
  if (s.type == prometheus::MetricType::Counter) {
    metric.counter.value = s.value;
  } else {
    metric.gauge.value = s.value;
  }
  return {std::string{s.name}, std::string{s.help}, s.type, {std::move(metric)}};
}

// Fields 3 and following of /proc/self/stat; the name before them may hold spaces and brackets.
std::vector<std::string> stat_fields() {
  std::ifstream file{"/proc/self/stat"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto end_of_name = text.rfind(')');
  std::vector<std::string> fields;
  if (end_of_name == std::string::npos) return fields;
  std::istringstream rest{text.substr(end_of_name + 1)};
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

double boot_seconds() {
  std::ifstream file{"/proc/stat"};
  for (std::string key; file >> key;) {
    double value = 0;
    if (key == "btime" && file >> value) return value;
  }
  return 0;
}

double open_files() {
  std::error_code error;
  double count = 0;
  auto entry = std::filesystem::directory_iterator{"/proc/self/fd", error};
  for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) ++count;
  return count > 0 ? count - 1 : 0;  // without the one that reads the folder
}

}  // namespace

const histogram_buckets& ttft_buckets() {
  static const histogram_buckets all{0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25,
                                     0.5,   0.75,   1,     2.5,  5,    7.5,  10,   20,   40,  60};
  return all;
}

const histogram_buckets& inter_token_buckets() {
  static const histogram_buckets all{0.001, 0.0025, 0.005, 0.01,  0.015, 0.02, 0.025,
                                     0.03,  0.04,   0.05,  0.075, 0.1,   0.15, 0.2,
                                     0.3,   0.4,    0.5,   0.75,  1,     2.5};
  return all;
}

const histogram_buckets& end_to_end_buckets() {
  static const histogram_buckets all{0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1,  1.5, 2,   2.5, 5,
                                     10,   15,   20,  30,   40,  50,   60, 120, 240, 480, 600};
  return all;
}

const histogram_buckets& routing_buckets() {
  static const histogram_buckets all{1e-6, 2.5e-6, 5e-6,   1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4,
                                     5e-4, 1e-3,   2.5e-3, 5e-3, 1e-2,   1e-1, 1};
  return all;
}

std::vector<prometheus::MetricFamily> process_metrics::Collect() const {
  using prometheus::MetricType;
  const auto fields = stat_fields();
  // proc(5): field 14 utime, 15 stime, 22 starttime (ticks), 23 vsize (bytes), 24 rss (pages).
  const auto field = [&](std::size_t number) {
    return fields.size() > number - 3 ? std::stod(fields[number - 3]) : 0.0;
  };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  const std::array<sample, 5> samples{{
      {"process_cpu_seconds_total", "User and system CPU time spent, in seconds.",
       MetricType::Counter, (field(14) + field(15)) / ticks},
      {"process_resident_memory_bytes", "Resident memory, in bytes.", MetricType::Gauge,
       field(24) * page_bytes},
      {"process_virtual_memory_bytes", "Virtual memory, in bytes.", MetricType::Gauge, field(23)},
      {"process_open_fds", "Open file descriptors.", MetricType::Gauge, open_files()},
      {"process_start_time_seconds", "Start of the process, in seconds since the Unix epoch.",
       MetricType::Gauge, boot_seconds() + field(22) / ticks},
  }};
  std::vector<prometheus::MetricFamily> families;
  for (const auto& s : samples) families.push_back(to_family(s));
  return families;
}

std::vector<prometheus::MetricFamily> timer_metrics::Collect() const {
  using prometheus::MetricType;
  const auto counts = clock_.counts();
  const auto number = [](std::uint64_t x) { return static_cast<double>(x); };
  const std::array<sample, 6> samples{{
      {"troupe_timers_armed", "Timers pending.", MetricType::Gauge, number(counts.armed)},
      {"troupe_timers_armed_total", "Timers armed.", MetricType::Counter,
       number(counts.armed_total)},
      {"troupe_timers_fired_total", "Timers that expired.", MetricType::Counter,
       number(counts.fired)},
      {"troupe_timers_cancelled_total", "Timers cancelled.", MetricType::Counter,
       number(counts.cancelled)},
      {"troupe_timer_lag_seconds_total", "How late the expired timers were, summed up.",
       MetricType::Counter, number(counts.lag_ns_total) / 1e9},
      {"troupe_timer_lag_seconds_max", "How late the latest timer was.", MetricType::Gauge,
       number(counts.lag_ns_max) / 1e9},
  }};
  std::vector<prometheus::MetricFamily> families;
  for (const auto& s : samples) families.push_back(to_family(s));
  return families;
}

std::string render_metrics(std::initializer_list<const prometheus::Collectable*> sources) {
  std::vector<prometheus::MetricFamily> all;
  for (const auto* source : sources) {
    auto families = source->Collect();
    std::move(families.begin(), families.end(), std::back_inserter(all));
  }
  return prometheus::TextSerializer{}.Serialize(all);
}

}  // namespace troupe
