#include "apps/bench/figures.hpp"

#include <algorithm>

namespace troupe::apps::bench {

namespace {

using std::chrono::nanoseconds;

double seconds(nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

// Sums over requests, until they become figures.
class summing {
 public:
  void add(const run_result& run);
  figures finish();

 private:
  struct round_sums {
    std::uint64_t requests = 0;
    double ttft_s = 0;
    std::uint64_t ttfts = 0;
    double prompt_tokens = 0, cached_tokens = 0;
  };

  void add(const request_record& record);
  void add_answer(const request_record& record);
  void add_usage(const request_record& record, round_sums& round);

  figures found_;
  sample_set ttft_, end_, sent_ttft_, sent_end_, late_, gaps_, per_token_;
  double cache_prompt_tokens_ = 0;  // of the answers that told their cached tokens
  std::vector<round_sums> rounds_;
};

void summing::add(const run_result& run) {
  nanoseconds first = nanoseconds::max(), last = nanoseconds::min();
  for (const request_record& record : run.records) {
    if (record.is_warmup) {
      ++found_.warmup_requests;
      continue;
    }
    add(record);
    first = std::min(first, record.due);
    last = std::max(last, record.ended);
  }
  if (last > first) found_.seconds += seconds(last - first);
  gaps_.add(run.gaps_s);
  for (const auto& [kind, failure] : run.failures) {
    failure_count& sum = found_.failures[kind];
    if (sum.count == 0) sum.example = failure.example;
    sum.count += failure.count;
  }
  found_.under_way_max = std::max(found_.under_way_max, run.under_way_max);
}

void summing::add(const request_record& record) {
  late_.add(seconds(record.sent - record.due));
  switch (record.fate) {
    case request_fate::answered:
      return add_answer(record);
    case request_fate::failed:
      ++found_.failed;
      return;
    case request_fate::unfinished:
      ++found_.unfinished;
  }
}

void summing::add_answer(const request_record& record) {
  ++found_.answered;
  if (rounds_.size() <= record.round) rounds_.resize(record.round + 1);
  round_sums& round = rounds_[record.round];
  ++round.requests;
  end_.add(seconds(record.ended - record.due));
  sent_end_.add(seconds(record.ended - record.sent));
  if (record.pieces > 0) {
    ttft_.add(seconds(record.first - record.due));
    sent_ttft_.add(seconds(record.first - record.sent));
    round.ttft_s += seconds(record.first - record.due);
    ++round.ttfts;
  }
  if (record.answer_tokens() > 1 && record.pieces > 1) {
    per_token_.add(seconds(record.last - record.first) / (record.answer_tokens() - 1));
  }
  add_usage(record, round);
}

void summing::add_usage(const request_record& record, round_sums& round) {
  found_.answer_tokens += record.answer_tokens();
  if (!record.usage.is_told) return;
  ++found_.usage_told;
  found_.prompt_tokens += record.usage.prompt_tokens;
  if (!record.usage.is_cache_told) return;
  ++found_.cache_told;
  found_.cached_tokens += record.usage.cached_tokens;
  cache_prompt_tokens_ += record.usage.prompt_tokens;
  round.prompt_tokens += record.usage.prompt_tokens;
  round.cached_tokens += record.usage.cached_tokens;
}

figures summing::finish() {
  found_.ttft_s = ttft_.summary();
  found_.end_to_end_s = end_.summary();
  found_.sent_ttft_s = sent_ttft_.summary();
  found_.sent_end_to_end_s = sent_end_.summary();
  found_.lateness_s = late_.summary();
  found_.gap_s = gaps_.summary();
  found_.gaps_are_sampled = gaps_.is_sampled();
  found_.per_token_s = per_token_.summary();
  found_.requests_per_s = ratio(static_cast<double>(found_.answered), found_.seconds);
  found_.answer_tokens_per_s = ratio(static_cast<double>(found_.answer_tokens), found_.seconds);
  found_.prompt_tokens_per_s = ratio(static_cast<double>(found_.prompt_tokens), found_.seconds);
  found_.hit_rate = ratio(static_cast<double>(found_.cached_tokens), cache_prompt_tokens_);
  for (const round_sums& each : rounds_) {
    found_.rounds.push_back({each.requests, ratio(each.ttft_s, static_cast<double>(each.ttfts)),
                             ratio(each.cached_tokens, each.prompt_tokens)});
  }
  return std::move(found_);
}

}  // namespace

figures figures_of(std::span<const run_result> runs) {
  summing sums;
  for (const run_result& run : runs) sums.add(run);
  return sums.finish();
}

bool exceeds(const figures& found, const error_bound& bound) {
  const auto failed = static_cast<double>(found.failed);
  const auto all = static_cast<double>(found.answered + found.failed);
  return failed > (bound.is_share ? bound.count * all : bound.count);
}

}  // namespace troupe::apps::bench
