#include <nlohmann/json.hpp>

#include "apps/bench/report.hpp"

namespace troupe::apps::bench {

namespace {

using json = nlohmann::ordered_json;

constexpr double ms = 1e3;

json to_json(const distribution& of) {
  return {{"count", of.count},  {"mean", of.mean * ms}, {"p50", of.p50 * ms},
          {"p90", of.p90 * ms}, {"p99", of.p99 * ms},   {"max", of.max * ms}};
}

json to_json(const text_length& length) {
  return {{length.unit == length_unit::bytes ? "bytes" : "tokens", length.count}};
}

json rounds_of(const figures& of) {
  json list = json::array();
  for (const round_figures& each : of.rounds) {
    list.push_back({{"requests", each.requests},
                    {"ttft_mean_ms", each.ttft_mean_s * ms},
                    {"hit_rate", each.hit_rate}});
  }
  return list;
}

json failures_of(const figures& of) {
  json kinds = json::object();
  for (const auto& [kind, failure] : of.failures) {
    kinds[kind] = {{"count", failure.count}, {"example", failure.example}};
  }
  return kinds;
}

json cache_of(const figures& of) {
  return {{"hit_rate", of.cache_told > 0 ? json(of.hit_rate) : json{}},
          {"cached_tokens", of.cached_tokens},
          {"answers_that_told", of.cache_told}};
}

json to_json(const figures& of) {
  return {{"answered", of.answered},
          {"failed", of.failed},
          {"unfinished", of.unfinished},
          {"warmup_requests", of.warmup_requests},
          {"failures", failures_of(of)},
          {"ttft_ms", to_json(of.ttft_s)},
          {"itl_ms", to_json(of.gap_s)},
          {"itl_is_sampled", of.gaps_are_sampled},
          {"time_per_token_ms", to_json(of.per_token_s)},
          {"end_to_end_ms", to_json(of.end_to_end_s)},
          {"ttft_from_sending_ms", to_json(of.sent_ttft_s)},
          {"end_to_end_from_sending_ms", to_json(of.sent_end_to_end_s)},
          {"sent_late_ms", to_json(of.lateness_s)},
          {"seconds", of.seconds},
          {"requests_per_s", of.requests_per_s},
          {"answer_tokens_per_s", of.answer_tokens_per_s},
          {"prompt_tokens_per_s", of.prompt_tokens_per_s},
          {"prompt_tokens", of.prompt_tokens},
          {"answer_tokens", of.answer_tokens},
          {"answers_that_told_usage", of.usage_told},
          {"cache", cache_of(of)},
          {"under_way_max", of.under_way_max},
          {"rounds", rounds_of(of)}};
}

json settings_of(const load_settings& load) {
  if (!load.trace.empty()) {
    return {{"trace", load.trace}, {"speed", load.speed}, {"length_scale", load.length_scale}};
  }
  const bool bytes = load.prompt.unit() == length_unit::bytes;
  return {{"rate", load.rate},
          {"arrivals", load.arrivals == arrival_kind::fixed ? "fixed" : "poisson"},
          {"system", to_json(load.system)},
          {"prompt", {{bytes ? "bytes" : "tokens", load.prompt.text()}}},
          {"answer", {{"tokens", load.answer.text()}}}};
}

json settings_of(const multi_round_settings& talk) {
  return {{"users", talk.users},
          {"rounds", talk.rounds},
          {"qps", talk.qps},
          {"join_rate", talk.join_rate > 0 ? talk.join_rate : talk.qps},
          {"arrivals", talk.arrivals == arrival_kind::fixed ? "fixed" : "poisson"},
          {"system", to_json(talk.system)},
          {"context", to_json(talk.context)},
          {"question", to_json(talk.question)},
          {"answer", {{"tokens", talk.answer_tokens}}}};
}

json ratios(const figures& of, const figures& first) {
  const auto ratio = [](double value, double base) {
    return base > 0 ? json(value / base) : json{};
  };
  return {{"ttft_mean", ratio(of.ttft_s.mean, first.ttft_s.mean)},
          {"ttft_p50", ratio(of.ttft_s.p50, first.ttft_s.p50)},
          {"ttft_p99", ratio(of.ttft_s.p99, first.ttft_s.p99)},
          {"itl_mean", ratio(of.gap_s.mean, first.gap_s.mean)},
          {"end_to_end_mean", ratio(of.end_to_end_s.mean, first.end_to_end_s.mean)},
          {"requests_per_s", ratio(of.requests_per_s, first.requests_per_s)},
          {"answer_tokens_per_s", ratio(of.answer_tokens_per_s, first.answer_tokens_per_s)},
          {"hit_rate", ratio(of.hit_rate, first.hit_rate)}};
}

json head_of(const bench_settings& settings) {
  const bool is_load = settings.kind == bench_kind::load;
  return {{"benchmark", is_load ? "load" : "multi-round"},
          {"description", describe(settings)},
          {"api", settings.api == api_kind::chat ? "chat" : "completions"},
          {"seed", settings.seed},
          {"repeats", settings.repeats},
          {"warmup_ms", settings.warmup.count()},
          {"duration_ms", settings.duration.count()},
          {"connections_max", settings.connections_max},
          {"workload", is_load ? settings_of(settings.load) : settings_of(settings.multi_round)}};
}

json to_json(const endpoint_result& result, const figures& all) {
  json runs = json::array();
  bool is_interrupted = false;
  for (const run_result& run : result.runs) {
    runs.push_back(to_json(figures_of({&run, 1})));
    is_interrupted |= run.is_interrupted;
  }
  return {{"name", result.where.name},     {"url", result.where.url},
          {"model", result.model},         {"bytes_per_token", result.scale.bytes_per_token},
          {"interrupted", is_interrupted}, {"all", to_json(all)},
          {"runs", std::move(runs)}};
}

}  // namespace

std::string json_report(const bench_settings& settings,
                        const std::vector<endpoint_result>& results) {
  json report = head_of(settings);
  json& endpoints = report["endpoints"] = json::array();
  figures first;
  for (const endpoint_result& each : results) {
    figures all = figures_of(each.runs);
    endpoints.push_back(to_json(each, all));
    if (&each == &results.front())
      first = std::move(all);
    else
      endpoints.back()["ratio_to_first"] = ratios(all, first);
  }
  return report.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace troupe::apps::bench
