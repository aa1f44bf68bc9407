// Notes what happens to the prefix cache and hands it over once per engine step.
//
// Shows vLLM's habits, so that a consumer that bears this engine bears vLLM: a clear waits for the
// next step, however long that takes; a block whose content was computed again is announced again;
// reused blocks are announced again where asked for.
// Thread: the engine's.
// Bounds: what one step changes; a step hands everything on.
#pragma once

#include <functional>

#include "engine/embedded/events/kv_step.hpp"

namespace troupe::engine {

struct kv_event_habits {
  bool announces_reused = false;  // vLLM: with kv_cache_report_mode "full"
  bool clears_at_once = false;    // vLLM: never
};

class kv_event_log : public kv_observer {
 public:
  using step_sink = std::function<void(kv_step)>;

  kv_event_log(kv_event_habits habits, step_sink sink);

  void on_stored(const kv_stored_block& block) override;
  void on_reused(const kv_stored_block& block) override;
  void on_removed(const kv_hash& hash) override;
  void on_cleared() override;
  void on_step_end() override;

 private:
  void add(kv_change::kind what, const kv_stored_block& block);

  kv_event_habits habits_;
  step_sink sink_;
  kv_step step_;
};

}  // namespace troupe::engine
