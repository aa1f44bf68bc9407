// Any text: its tokens' bytes are the text, and both stop and UTF-8 streaming lose nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/embedded/model/tiny_model.hpp"
#include "engine/embedded/text/incremental_decoder.hpp"
#include "engine/embedded/text/tokenizer.hpp"
#include "runtime/assert.hpp"

namespace {

const troupe::engine::tokenizer& tiny() {
  static const auto bytes = *troupe::engine::make_tiny_model_bytes({});
  static const auto file = std::move(*troupe::engine::gguf_file::parse(bytes.data(), bytes.size()));
  static const auto loaded = std::move(*troupe::engine::tokenizer::load(*file));
  return *loaded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const bool parse_special : {false, true}) {
    const auto ids = tiny().encode(text, parse_special, false);
    std::string back, streamed;
    troupe::engine::incremental_decoder decoder;
    for (const auto id : ids) {
      back += tiny().bytes(id, true);
      streamed += decoder.push(tiny().bytes(id, true));
    }
    TROUPE_ASSERT(back == text);
    TROUPE_ASSERT(streamed + decoder.flush() == tiny().decode(ids, false));
  }
  return 0;
}
