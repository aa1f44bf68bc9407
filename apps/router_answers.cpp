#include "apps/router_answers.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <caf/event_based_actor.hpp>

#include "runtime/ask.hpp"

namespace troupe::apps {

namespace {

constexpr std::chrono::milliseconds answer_within{2'000};

const actors::engine_status* find(const actors::model_listing& listing, const std::string& name) {
  const auto at = std::ranges::find(listing.engines, name, &actors::engine_status::name);
  return at == listing.engines.end() ? nullptr : &*at;
}

}  // namespace

bool is_up_everywhere(const router_answers& routers, const std::string& engine) {
  return std::ranges::all_of(routers, [&](const auto& listing) {
    const auto* status = listing ? find(*listing, engine) : nullptr;
    return status != nullptr && status->up && !status->settings.draining;
  });
}

bool is_drained_everywhere(const router_answers& routers, const std::string& engine) {
  return std::ranges::all_of(routers, [&](const auto& listing) {
    if (!listing) return false;
    const auto* status = find(*listing, engine);
    return status == nullptr || (status->settings.draining && status->leases == 0);
  });
}

void ask_each(caf::event_based_actor* self, const std::vector<actors::router_actor>& routers,
              const std::function<void(const router_answers&)>& then) {
  if (routers.empty()) return then({});
  auto answers = std::make_shared<router_answers>();
  const auto take = [answers, count = routers.size(),
                     then](std::optional<actors::model_listing> listing) {
    answers->push_back(std::move(listing));
    if (answers->size() == count) then(*answers);
  };
  for (const auto& router : routers) {
    ask(
        self, router, answer_within, actors::get_models{},
        [take](const actors::model_listing& listing) { take(listing); },
        [take](const caf::error&) { take({}); });
  }
}

}  // namespace troupe::apps
