// Metrics: standard histogram buckets, process metrics, and the text format of /metrics.
//
// Units: seconds and bytes, as Prometheus wants them.
// Thread: any; prometheus-cpp's metrics are thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>

namespace troupe {

class io_clock;

using histogram_buckets = prometheus::Histogram::BucketBoundaries;

// Upper bounds of the buckets, in seconds.
const histogram_buckets& ttft_buckets();         // 1 ms to 60 s
const histogram_buckets& inter_token_buckets();  // 1 ms to 2.5 s
const histogram_buckets& end_to_end_buckets();   // 10 ms to 10 min
const histogram_buckets& routing_buckets();      // 1 us to 1 s, without waiting for an engine

// The usual process_* metrics, read from /proc at each collection.
class process_metrics : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

// troupe_timer_*: timers of the actors' clock.
class timer_metrics : public prometheus::Collectable {
 public:
  explicit timer_metrics(const io_clock& clock) : clock_{clock} {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const io_clock& clock_;
};

// Renders registries and collectables in the text exposition format.
std::string render_metrics(std::initializer_list<const prometheus::Collectable*> sources);

}  // namespace troupe
