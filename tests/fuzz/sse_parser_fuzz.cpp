// Any bytes, in any pieces, parse to the same events, and what the writer makes of them parses
// back.
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/assert.hpp"
#include "transport/http/sse_parser.hpp"
#include "transport/http/sse_writer.hpp"

namespace {

using troupe::transport::http::append_event;
using troupe::transport::http::sse_event;
using troupe::transport::http::sse_parser;

constexpr std::size_t event_bytes_max = 256;

// The events framed again, or "over" at the end where the bound was exceeded. Ids stay for later
// events, so they are left out of what is to be the same in a second round.
std::string parse(std::string_view bytes, std::size_t piece, std::size_t bound = event_bytes_max) {
  sse_parser parser{bound};
  std::string framed;
  while (!bytes.empty()) {
    const auto now = bytes.substr(0, piece);
    const bool good = parser.feed(now, [&](const sse_event& event) {
      TROUPE_ASSERT(event.data.size() + event.name.size() <= bound);
      append_event(framed, {event.name, event.data, {}});
    });
    if (!good) return framed + "over";
    bytes.remove_prefix(now.size());
  }
  return framed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const std::string whole = parse(bytes, size);
  TROUPE_ASSERT(parse(bytes, 1) == whole);
  TROUPE_ASSERT(parse(bytes, 5) == whole);
  if (!whole.ends_with("over")) TROUPE_ASSERT(parse(whole, 3, 4 * event_bytes_max) == whole);
  return 0;
}
