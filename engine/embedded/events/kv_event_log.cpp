#include "engine/embedded/events/kv_event_log.hpp"

#include <utility>

#include "runtime/clock.hpp"

namespace troupe::engine {

kv_event_log::kv_event_log(kv_event_habits habits, step_sink sink)
    : habits_{habits}, sink_{std::move(sink)} {}

void kv_event_log::on_stored(const kv_stored_block& block) {
  add(kv_change::kind::stored, block);
}

void kv_event_log::on_reused(const kv_stored_block& block) {
  if (habits_.announces_reused) add(kv_change::kind::reused, block);
}

// Blocks of one chain go into one change, as long as nothing comes between them.
void kv_event_log::add(kv_change::kind what, const kv_stored_block& block) {
  const bool continues = !step_.changes.empty() && step_.changes.back().what == what &&
                         block.parent && step_.hashes.back() == *block.parent;
  if (!continues) {
    step_.changes.push_back({what, 0, block.parent, std::string{block.cache_salt}});
  }
  ++step_.changes.back().blocks;
  step_.hashes.push_back(block.hash);
  step_.tokens.insert(step_.tokens.end(), block.tokens.begin(), block.tokens.end());
}

void kv_event_log::on_removed(const kv_hash& hash) {
  if (step_.changes.empty() || step_.changes.back().what != kv_change::kind::removed) {
    step_.changes.push_back({kv_change::kind::removed, 0, std::nullopt, {}});
  }
  ++step_.changes.back().blocks;
  step_.hashes.push_back(hash);
}

void kv_event_log::on_cleared() {
  step_.changes.push_back({kv_change::kind::cleared, 0, std::nullopt, {}});
  if (habits_.clears_at_once) on_step_end();
}

void kv_event_log::on_step_end() {
  if (step_.empty()) return;
  step_.unix_s = unix_seconds();
  sink_(std::exchange(step_, {}));
}

}  // namespace troupe::engine
