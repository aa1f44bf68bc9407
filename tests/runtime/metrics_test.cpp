#include "runtime/metrics.hpp"

#include <algorithm>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "runtime/clock.hpp"
#include "tests/runtime/worlds.hpp"

namespace troupe {
namespace {

double value_of(const std::string& text, const std::string& name) {
  const auto at = text.find("\n" + name + " ");
  EXPECT_NE(at, std::string::npos) << name;
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(metrics, renders_a_registry_as_text) {
  prometheus::Registry all;
  auto& family = prometheus::BuildCounter().Name("requests_total").Help("All.").Register(all);
  family.Add({{"model", "a\"b"}}).Increment(3);
  const auto text = render_metrics({&all});
  EXPECT_NE(text.find("# TYPE requests_total counter"), std::string::npos);
  EXPECT_NE(text.find(R"(requests_total{model="a\"b"} 3)"), std::string::npos) << text;
}

TEST(metrics, buckets_grow) {
  for (const auto* buckets :
       {&ttft_buckets(), &inter_token_buckets(), &end_to_end_buckets(), &routing_buckets()}) {
    EXPECT_GE(buckets->size(), 10U);
    EXPECT_TRUE(std::is_sorted(buckets->begin(), buckets->end()));
    EXPECT_EQ(std::adjacent_find(buckets->begin(), buckets->end()), buckets->end());
  }
}

TEST(metrics, tells_about_the_process) {
  const process_metrics process;
  const auto text = render_metrics({&process});
  EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value_of(text, "process_virtual_memory_bytes"),
            value_of(text, "process_resident_memory_bytes"));
  EXPECT_GE(value_of(text, "process_open_fds"), 3);
  EXPECT_GE(value_of(text, "process_cpu_seconds_total"), 0);
  const auto age = unix_seconds() - value_of(text, "process_start_time_seconds");
  EXPECT_GT(age, -2);  // the boot time is in whole seconds
  EXPECT_LT(age, 3'600);
}

TEST(metrics, counts_timers) {
  testing::io_world world;
  const timer_metrics timers{world.scheduler().clock()};
  world.system.spawn([](caf::event_based_actor* self) {
    self->delayed_send(self, std::chrono::milliseconds{1}, 1);
    return caf::behavior{[self](int) { self->quit(); }};
  });
  world.system.await_all_actors_done();
  const auto text = render_metrics({&timers});
  EXPECT_EQ(value_of(text, "troupe_timers_armed_total"), 1);
  EXPECT_EQ(value_of(text, "troupe_timers_fired_total"), 1);
  EXPECT_EQ(value_of(text, "troupe_timers_armed"), 0);
  EXPECT_GT(value_of(text, "troupe_timer_lag_seconds_max"), 0);
}

}  // namespace
}  // namespace troupe
