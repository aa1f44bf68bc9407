#include "actors/engine_proxy/engine_gauges.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace troupe::actors {

namespace {

struct sample {
  std::string_view name;
  std::string_view labels;
  double value = 0;
};

// Reads `name{labels} value`; false for comments and what is no sample.
bool read_sample(std::string_view line, sample& out) {
  if (line.empty() || line.front() == '#') return false;
  auto name_end = line.find_first_of("{ ");
  if (name_end == std::string_view::npos) return false;
  out.name = line.substr(0, name_end);
  out.labels = {};
  auto rest = line.substr(name_end);
  if (rest.front() == '{') {
    auto close = rest.rfind('}');
    if (close == std::string_view::npos) return false;
    out.labels = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
  }
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return std::from_chars(rest.data(), rest.data() + rest.size(), out.value).ec == std::errc{};
}

std::uint64_t to_count(double value) {
  constexpr double top = 1e15;
  return value > 0 ? static_cast<std::uint64_t>(std::min(value, top)) : 0;
}

std::uint32_t add(std::uint32_t sum, double value) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(sum + to_count(value), std::numeric_limits<std::uint32_t>::max()));
}

// Value of a label that holds a number, zero where there is none.
std::uint64_t number_label(std::string_view labels, std::string_view key) {
  for (auto at = labels.find(key); at != std::string_view::npos; at = labels.find(key, at + 1)) {
    bool starts = at == 0 || labels[at - 1] == ',' || labels[at - 1] == ' ';
    auto rest = labels.substr(at + key.size());
    if (!starts || !rest.starts_with("=\"")) continue;
    std::uint64_t value = 0;
    rest.remove_prefix(2);
    std::from_chars(rest.data(), rest.data() + rest.size(), value);
    return value;
  }
  return 0;
}

void take(const sample& s, engine_gauges& load) {
  if (s.name == "vllm:num_requests_running") {
    load.running = add(load.running, s.value);
  } else if (s.name == "vllm:num_requests_waiting") {
    load.waiting = add(load.waiting, s.value);
  } else if (s.name == "vllm:kv_cache_usage_perc" || s.name == "vllm:gpu_cache_usage_perc") {
    load.kv_usage = std::max(load.kv_usage, std::clamp(s.value, 0.0, 1.0));
  } else if (s.name == "vllm:cache_config_info") {
    auto block_tokens = number_label(s.labels, "block_size");
    auto blocks = number_label(s.labels, "num_gpu_blocks");
    constexpr std::uint64_t sane_max = 1ULL << 31;
    if (block_tokens < sane_max && blocks < sane_max) load.kv_tokens_max += block_tokens * blocks;
  }
}

}  // namespace

engine_gauges read_engine_gauges(std::string_view text) {
  engine_gauges load;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    sample s;
    if (read_sample(text.substr(0, end), s)) take(s, load);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return load;
}

}  // namespace troupe::actors
