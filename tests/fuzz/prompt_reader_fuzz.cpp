// Throws bytes at the prompt reader: no crash, no read outside the body, the body unchanged, and
// the same answer for a body with and without room behind it; and the text it found can be skipped
// when depth is measured.
#include <cstddef>
#include <cstdint>
#include <string>

#include "actors/router/prompt_reader.hpp"
#include "actors/stream/json_depth.hpp"
#include "runtime/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe::actors;
  static prompt_reader reader{{.seed = {1}}};
  const std::string tight(reinterpret_cast<const char*>(data), size);
  std::string roomy;
  roomy.reserve(size + 64);
  roomy = tight;
  for (const auto kind : {prompt_kind::chat, prompt_kind::completion}) {
    const auto a = reader.read(kind, tight);
    const auto b = reader.read(kind, roomy);
    TROUPE_ASSERT(static_cast<bool>(a) == static_cast<bool>(b));
    TROUPE_ASSERT(!a || (a->chain == b->chain && a->model == b->model));
    TROUPE_ASSERT(!a || a->chain.size() == a->prompt_bytes / chunk_bytes);
    if (!a) continue;
    for (const std::size_t levels : {1, 3, 8}) {
      TROUPE_ASSERT(nests_deeper(tight, levels) == nests_deeper(tight, levels, a->longest_text));
    }
  }
  TROUPE_ASSERT(tight == roomy);
  return 0;
}
