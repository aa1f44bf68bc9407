// One run against one endpoint, without clock or network: what to send now, and what became of it.
//
// Every latency counts from the time a request was due, not from when it was sent: a request that
// waits (for a connection, for the answer before it, for us) has waited, whoever is to blame. When
// it was sent is noted beside it.
//
// Thread: one. Units: times count from the start of the run. Bounds: connections_max under way, the
// others wait; one record a request; failure_kinds_max kinds of failures, further ones are "other".
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "apps/bench/sample_set.hpp"
#include "apps/bench/streamed_answer.hpp"
#include "apps/bench/workload.hpp"

namespace troupe::apps::bench {

inline constexpr std::size_t failure_kinds_max = 32;

enum class request_fate : std::uint8_t { answered, failed, unfinished };

struct request_record {
  std::chrono::nanoseconds due{0};
  std::chrono::nanoseconds sent{0};
  std::chrono::nanoseconds first{-1};  // piece of the answer; negative: none came
  std::chrono::nanoseconds last{-1};
  std::chrono::nanoseconds ended{0};
  std::uint32_t user = 0;
  std::uint32_t round = 0;
  std::uint32_t pieces = 0;  // events with content
  told_usage usage;
  request_fate fate = request_fate::unfinished;
  bool is_warmup = false;

  // Tokens of the answer, as told, else as counted.
  std::uint32_t answer_tokens() const { return usage.is_told ? usage.answer_tokens : pieces; }
};

struct failure_count {
  std::uint64_t count = 0;
  std::string example;  // the sentence of the first one
};

struct run_result {
  std::vector<request_record> records;  // in the order they ended
  sample_set gaps_s;                    // between two pieces of one answer, warm-up left out
  std::map<std::string, failure_count> failures;  // by kind, warm-up left out
  std::size_t under_way_max = 0;
  bool is_interrupted = false;
};

// What became of a request.
struct answer_end {
  std::string text;  // of the answer
  told_usage usage;
  std::string failure;  // its kind; empty: answered
  std::string reason;   // the sentence to it
};

struct run_limits {
  std::size_t connections_max = 1'000;
  std::chrono::nanoseconds warmup{0};
  std::chrono::nanoseconds duration{0};  // what is due from then on is not sent; 0: all is
};

// What a progress line tells.
struct run_progress {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::size_t under_way = 0;
  double ttft_mean_s = 0;
};

class run_core {
 public:
  run_core(std::unique_ptr<workload> what, run_limits limits);

  // Returns the next request to send at this time; nothing: none is due, or the limit is reached.
  std::optional<planned_request> start(std::chrono::nanoseconds now);

  // Returns when to call start again; nothing: after the next answer, or never.
  std::optional<std::chrono::nanoseconds> next_wake() const;

  // Takes in pieces of an answer that came together.
  void content(std::uint64_t id, std::uint32_t pieces, std::chrono::nanoseconds now);

  // Takes in an end, good or bad.
  void ended(std::uint64_t id, const answer_end& end, std::chrono::nanoseconds now);

  // Sends no more, and counts what is under way as unfinished.
  void interrupt(std::chrono::nanoseconds now);

  // True when nothing is under way and nothing will be.
  bool is_finished() const { return under_way_.empty() && !upcoming(); }

  run_progress progress() const;

  // Moves out what was found; called once, at the end.
  run_result take_result() { return std::move(result_); }

 private:
  struct open_request {
    planned_request asked;
    request_record record;
  };

  std::optional<std::chrono::nanoseconds> upcoming() const;
  void note_failure(const answer_end& end);
  void close(open_request request, std::chrono::nanoseconds now);

  std::unique_ptr<workload> what_;
  run_limits limits_;
  std::unordered_map<std::uint64_t, open_request> under_way_;
  run_result result_;
  run_progress totals_;
  double ttft_sum_s_ = 0;
  std::uint64_t ttfts_ = 0;
};

}  // namespace troupe::apps::bench
