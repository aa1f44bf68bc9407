#include "engine/embedded/events/kv_event_feed.hpp"

#include <utility>

#include "runtime/log.hpp"

namespace troupe::engine {

kv_event_feed::kv_event_feed(std::unique_ptr<kv_event_publisher> publisher)
    : publisher_{std::move(publisher)}, log_{publisher_->resolved().habits, [this](kv_step step) {
                                               publisher_->publish(std::move(step));
                                             }} {}

caf::expected<std::unique_ptr<kv_event_feed>> kv_event_feed::make(std::string_view json,
                                                                  std::uint32_t block_size) {
  std::unique_ptr<kv_event_feed> feed;
  if (json.empty()) return feed;
  const auto config = read_kv_events_config(json);
  if (!config) return config.error();
  if (!config->is_on()) return feed;
  auto publisher = kv_event_publisher::make(*config, block_size);
  if (!publisher) return publisher.error();
  feed.reset(new kv_event_feed{std::move(*publisher)});
  log::info("KV events are published",
            {{"endpoint", feed->resolved().endpoint},
             {"replay_endpoint", feed->resolved().replay_endpoint.value_or("")}});
  return feed;
}

}  // namespace troupe::engine
