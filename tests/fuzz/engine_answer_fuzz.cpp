// Any bytes as what an engine answers: events in any pieces read the same, and neither its models
// nor its metrics upset the reader.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/engine_proxy/engine_gauges.hpp"
#include "actors/engine_proxy/engine_prober.hpp"
#include "actors/stream/answer_reader.hpp"
#include "runtime/assert.hpp"

namespace {

using namespace troupe::actors;

constexpr std::size_t event_bytes_max = 512;

struct seen {
  std::uint64_t content_events = 0;
  bool is_malformed = false;
  bool is_done = false;
  bool is_finished = false;
  bool has_error = false;
  bool at_boundary = false;

  friend bool operator==(const seen&, const seen&) = default;
};

seen read_events(std::string_view bytes, std::size_t piece) {
  answer_reader reader{event_bytes_max};
  seen all;
  while (!bytes.empty() && !all.is_malformed) {
    const auto progress = reader.feed(bytes.substr(0, piece));
    all.content_events += progress.content_events;
    all.is_malformed = progress.malformed;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  all.is_done = reader.done();
  all.is_finished = reader.finished();
  all.has_error = reader.has_error();
  all.at_boundary = all.is_malformed || reader.at_boundary();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto whole = read_events(bytes, std::max<std::size_t>(size, 1));
  TROUPE_ASSERT(read_events(bytes, 1) == whole);
  TROUPE_ASSERT(read_events(bytes, 5) == whole);
  answer_reader reader{event_bytes_max};
  reader.read_whole(bytes);
  std::vector<model_card> cards;
  if (!read_model_cards(bytes, cards)) TROUPE_ASSERT(cards.empty());
  for (const auto& card : cards) TROUPE_ASSERT(!card.id.empty() && !card.json.empty());
  const auto gauges = read_engine_gauges(bytes);
  TROUPE_ASSERT(gauges.kv_usage >= 0 && gauges.kv_usage <= 1);
  return 0;
}
