// Any bytes, in any pieces, parse to the same requests, within the limits.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/assert.hpp"
#include "transport/http/request_parser.hpp"

namespace {

using troupe::transport::http::request_parser;

constexpr std::size_t header_bytes_max = 512;
constexpr std::size_t body_bytes_max = 2'048;

troupe::config::http_limits small_limits() {
  troupe::config::http_limits limits;
  limits.header_bytes_max = header_bytes_max;
  limits.body_bytes_max = body_bytes_max;
  return limits;
}

void append(std::string& log, const troupe::transport::http::request& r) {
  TROUPE_ASSERT(r.body.size() <= body_bytes_max);
  std::size_t header_bytes = r.method.size() + r.target.size();
  log += r.method + " " + r.target + "\n";
  for (const auto& [name, value] : r.fields) {
    TROUPE_ASSERT(troupe::transport::http::is_one_line(value));
    header_bytes += name.size() + value.size();
    log += name + "=" + value + "\n";
  }
  TROUPE_ASSERT(header_bytes <= header_bytes_max);
  log += r.body + "\n";
}

// Parses as a connection does, with a piece more bytes at a time, and tells what came out. Whether
// an unfinished head is refused already or awaited may depend on the pieces; requests may not.
std::string parse(std::string_view bytes, std::size_t piece) {
  request_parser parser{small_limits()};
  std::string log;
  std::size_t offered = 0;  // bytes that have arrived and are not consumed
  while (parser.refused().status == 0) {
    const std::size_t used = parser.feed(bytes.substr(0, offered));
    TROUPE_ASSERT(used <= offered);
    bytes.remove_prefix(used);
    offered -= used;
    if (parser.done()) {
      append(log, parser.take());
    } else if (used == 0) {
      if (offered == bytes.size()) return log;
      offered = std::min(bytes.size(), offered + piece);
    }
  }
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const std::string whole = parse(bytes, std::max<std::size_t>(size, 1));
  for (const std::size_t piece : {1, 7}) TROUPE_ASSERT(parse(bytes, piece) == whole);
  return 0;
}
