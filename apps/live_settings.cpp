#include "apps/live_settings.hpp"

#include <utility>

namespace troupe::apps {

actors::engine_settings settings_of(const config::engine_spec& engine) {
  actors::engine_settings settings;
  settings.weight = engine.weight;
  settings.requests_max = engine.requests_max;
  // What an engine of ours would refuse need not go there.
  const auto& limits = engine.limits;
  if (engine.kind == config::engine_kind::embedded && settings.requests_max == 0) {
    settings.requests_max =
        static_cast<std::uint32_t>(limits.running_requests_max + limits.queued_requests_max);
  }
  return settings;
}

config::router_spec live_settings::router() const {
  std::lock_guard lock{mutex_};
  return router_;
}

void live_settings::set_router(config::router_spec router) {
  std::lock_guard lock{mutex_};
  router_ = std::move(router);
}

std::vector<config::placed_spec> live_settings::placed() const {
  std::lock_guard lock{mutex_};
  return placed_;
}

void live_settings::set_placed(std::vector<config::placed_spec> placed) {
  std::lock_guard lock{mutex_};
  placed_ = std::move(placed);
}

actors::engine_settings live_settings::of(const std::string& engine,
                                          const config::engine_spec& spec) const {
  std::lock_guard lock{mutex_};
  const auto found = engines_.find(engine);
  return found == engines_.end() ? settings_of(spec) : found->second;
}

void live_settings::set(const std::string& engine, const actors::engine_settings& settings) {
  std::lock_guard lock{mutex_};
  engines_[engine] = settings;
}

void live_settings::forget(const std::string& engine) {
  std::lock_guard lock{mutex_};
  engines_.erase(engine);
}

}  // namespace troupe::apps
