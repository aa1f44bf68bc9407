// Throws bytes at the prompt reader: no crash, no read outside the body, the body unchanged, and
// the same answer for a body with and without room behind it; and the text it found can be skipped
// when depth is measured. A tilde stands for a text too long for the outline, which a fuzzer would
// not write.
#include <cstddef>
#include <cstdint>
#include <string>

#include "actors/router/json_outline.hpp"
#include "actors/router/prompt_reader.hpp"
#include "actors/stream/json_depth.hpp"
#include "runtime/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe::actors;
  static prompt_reader reader{{.seed = {1}}};
  std::string tight;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<char>(data[i]);
    byte == '~' ? tight.append(json_outline::long_literal_bytes, 'x') : tight.append(1, byte);
  }
  tight.shrink_to_fit();
  std::string roomy;
  roomy.reserve(tight.size() + 64);
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
