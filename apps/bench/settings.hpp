// What a benchmark is to do: the flags of `troupe bench` as plain values.
//
// Units: lengths of text say theirs; rates are per second.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/bench/length_distribution.hpp"
#include "apps/bench/target.hpp"
#include "transport/http/message.hpp"

namespace troupe::apps::bench {

enum class bench_kind : std::uint8_t { load, multi_round };

enum class arrival_kind : std::uint8_t { poisson, fixed };

enum class api_kind : std::uint8_t { chat, completions };

// Independent requests: an open loop of a rate, or of a recorded trace.
struct load_settings {
  double rate = 1;
  arrival_kind arrivals = arrival_kind::poisson;
  text_length system;  // the same in all requests
  length_distribution prompt{{512, length_unit::tokens}};
  length_distribution answer{{128, length_unit::tokens}};
  std::string trace;        // a file; empty: none
  double speed = 1;         // of the trace: 2 plays it in half its time
  double length_scale = 1;  // of the trace: its token counts times this
};

// Users who ask, read the answer, and ask again with all that was said before.
struct multi_round_settings {
  std::uint32_t users = 20;
  std::uint32_t rounds = 5;
  double qps = 1;        // of all users together
  double join_rate = 0;  // users a second; 0: as many as questions
  arrival_kind arrivals = arrival_kind::poisson;
  text_length system{1000, length_unit::tokens};   // the same for all users
  text_length context{2000, length_unit::tokens};  // each user's own
  text_length question{100, length_unit::bytes};   // in each round
  std::uint32_t answer_tokens = 100;
};

// How many requests may fail: a number, or a share of all.
struct error_bound {
  double count = 0;
  bool is_share = false;
};

struct bench_settings {
  bench_kind kind = bench_kind::load;
  std::vector<target> targets;
  std::string model;  // empty: the first of each endpoint's /v1/models
  api_kind api = api_kind::chat;
  std::uint64_t seed = 1;
  std::uint32_t repeats = 1;
  std::chrono::milliseconds duration{0};  // 0: no bound
  std::uint64_t requests_max = 0;         // 0: no bound
  std::chrono::milliseconds warmup{0};    // what is due earlier stays out of the figures
  std::chrono::milliseconds timeout{300'000};
  std::size_t connections_max = 1'000;
  error_bound errors_max;
  bool stop_early = false;          // answers may end by themselves
  std::string session_header;       // empty: none
  transport::http::fields fields;   // of every request
  std::string api_key;              // shown to every endpoint; a secret; empty: none
  std::string ca;                   // PEM file of the authorities of https; empty: the system's
  bool insecure = false;            // any certificate of https will do
  double bytes_per_token = 0;       // 0: ask the endpoint
  std::string json_file, svg_file;  // empty: none
  load_settings load;
  multi_round_settings multi_round;
};

}  // namespace troupe::apps::bench
