// The engine thread: takes requests from any thread, runs step after step, reports each step.
//
// Thread: submit, cancel and queued from any; the report sink is called on the engine thread, once
// per step (or once for refusals), and must not block. Idle, the thread sleeps and costs nothing.
// Bounds: engine_limits::queued_requests_max requests handed over and not yet seen by the engine.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/embedded/serve/scheduler.hpp"
#include "engine/embedded/serve/step_executor.hpp"
#include "engine/embedded/serve/token_chooser.hpp"
#include "runtime/clock.hpp"
#include "runtime/errc.hpp"

namespace troupe::engine {

struct request_timing {
  time_point arrived;
  time_point scheduled;  // first step
  time_point first_token;
  time_point last_token;
};

// What one step brought one request: a token, or a refusal that ends it.
struct request_output {
  request_id id = 0;
  std::int32_t token = -1;
  std::uint32_t generated = 0;  // tokens so far, output_prefix not counted
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;  // of the prompt
  std::optional<token_logprobs> logprobs;
  std::vector<token_logprobs> prompt_logprobs;  // with the first token: all prompt tokens but one
  std::optional<finish_reason> finish;
  std::optional<std::int32_t> stop_token;
  request_timing timing;
  time_point token_before;  // the previous token's time; first token: its own
  caf::error refused;       // not empty: the request never ran, or cannot go on
};

struct step_report {
  std::vector<request_output> outputs;
  scheduler_stats stats;
  std::size_t tokens = 0;  // computed by the step; 0: this tells of no step
};

class engine_core {
 public:
  using report_sink = std::function<void(step_report)>;

  // The executor must outlive the core.
  engine_core(scheduler_config config, step_executor& executor, report_sink sink);

  // Stops after the step under way; requests left are forgotten without a report.
  ~engine_core();
  engine_core(const engine_core&) = delete;
  engine_core& operator=(const engine_core&) = delete;

  // Hands a request over; what becomes of it is reported under its id. Errors: overloaded.
  caf::expected<void> submit(request_id id, generation_request request);

  // Ends a request without a further report (but for a step under way).
  void cancel(request_id id);

  // Drops the cached blocks no running request uses, after what was submitted and cancelled before.
  void reset_prefix_cache();

  // The same, and gives the memory of the KV back to the system, unless requests are left.
  void release_memory();

 private:
  struct arrival {
    request_id id;
    generation_request request;
    time_point at;
  };
  struct live {
    request_timing timing;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t cached_tokens = 0;
    std::uint32_t generated = 0;
    std::vector<token_logprobs> prompt_logprobs;
  };
  // What the inbox asks for besides requests.
  struct errands {
    bool resets_cache = false;
    bool releases_memory = false;
  };

  void run();
  bool take_inbox();
  void accept(std::vector<arrival> arrivals);
  void step();
  void run_errands(const errands& asked);
  void tell_prompts(const step_plan& plan, std::span<const float> logits);
  request_output record(const step_token& token, time_point at);
  request_output fail(request_id id);

  scheduler scheduler_;
  step_executor& executor_;
  report_sink sink_;
  token_chooser chooser_;
  std::unordered_map<request_id, live> live_;
  const std::size_t inbox_max_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<arrival> arrivals_;
  std::vector<request_id> cancels_;
  errands errands_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace troupe::engine
