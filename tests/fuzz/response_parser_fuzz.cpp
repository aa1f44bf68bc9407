// Any bytes, in any pieces, parse to the same whole answer or to none.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/assert.hpp"
#include "transport/http/response_parser.hpp"

namespace {

using troupe::transport::http::response_parser;

constexpr std::size_t header_bytes_max = 512;

std::string parse(std::string_view bytes, std::size_t piece) {
  response_parser parser{header_bytes_max};
  std::string body;
  bool head_told = false;
  std::string head;
  std::size_t offered = 0;
  while (!parser.done()) {
    const std::size_t used = parser.feed(bytes.substr(0, offered));
    TROUPE_ASSERT(used <= offered);
    if (parser.failed()) return "none";
    if (parser.head_done() && !head_told) {
      head_told = true;
      const auto taken = parser.take_head();
      head = std::to_string(taken.status) + "/" + std::to_string(taken.fields.size()) + "\n";
    }
    body.append(parser.body());
    bytes.remove_prefix(used);
    offered -= used;
    if (used > 0) continue;
    if (offered == bytes.size()) break;
    offered = std::min(bytes.size(), offered + piece);
  }
  const bool whole = parser.done() || parser.finish_at_close();
  return whole ? head + body : "none";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const std::string whole = parse(bytes, std::max<std::size_t>(size, 1));
  for (const std::size_t piece : {1, 7}) TROUPE_ASSERT(parse(bytes, piece) == whole);
  return 0;
}
