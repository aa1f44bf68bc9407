// Any bytes as what an endpoint answers the load generator: events in any pieces read the same, and
// what is told of them is one short line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/bench/streamed_answer.hpp"
#include "runtime/assert.hpp"

namespace {

using namespace troupe::apps::bench;

constexpr std::size_t sentence_bytes_max = 300;

void feed(streamed_answer& answer, std::string_view bytes, std::size_t piece) {
  while (!bytes.empty() && !answer.is_broken()) {
    answer.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
}

void expect_sentence(std::string_view text) {
  TROUPE_ASSERT(text.size() <= sentence_bytes_max);
  for (const char c : text) TROUPE_ASSERT(static_cast<unsigned char>(c) >= ' ');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  streamed_answer whole;
  feed(whole, bytes, std::max<std::size_t>(size, 1));
  for (const std::size_t piece : {1, 7}) {
    streamed_answer answer;
    feed(answer, bytes, piece);
    TROUPE_ASSERT(answer.is_broken() == whole.is_broken());
    if (whole.is_broken()) continue;
    TROUPE_ASSERT(answer.text() == whole.text() && answer.error() == whole.error());
    TROUPE_ASSERT(answer.is_whole() == whole.is_whole());
    TROUPE_ASSERT(answer.usage().answer_tokens == whole.usage().answer_tokens);
  }
  expect_sentence(whole.error());
  expect_sentence(read_error(bytes));
  TROUPE_ASSERT(read_usage(bytes).is_told || read_usage(bytes).prompt_tokens == 0);
  TROUPE_ASSERT(read_first_model(bytes).size() <= size);
  return 0;
}
