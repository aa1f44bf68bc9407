// Any bytes as a model file: a model whose views all lie inside the input, or an error that names
// the key or the tensor at fault.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/embedded/model/model.hpp"
#include "engine/embedded/serve/engine_model.hpp"
#include "runtime/assert.hpp"

namespace {

using namespace troupe::engine;

// Metadata, tensors, and what comes before either can be named.
constexpr std::string_view places[] = {"key ",    "key '",    "array '",    "tensor ",
                                       "llama.",  "general.", "tokenizer.", "magic",
                                       "version", "header",   "metadata",   "big-endian"};

void expect_named(const caf::error& error) {
  const auto text = troupe::failure_text(error);
  TROUPE_ASSERT(std::ranges::any_of(
      places, [&](std::string_view place) { return text.find(place) != std::string::npos; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const auto file = gguf_file::parse(bytes, size);
  if (!file) {
    expect_named(file.error());
    return 0;
  }
  for (const auto& tensor : (*file)->tensors()) {
    TROUPE_ASSERT(tensor.data >= bytes && tensor.data + tensor.bytes <= bytes + size);
  }
  if (const auto weights = model::load(**file); !weights) expect_named(weights.error());
  engine_model opened;
  if (const auto error = load_text(**file, opened)) {
    expect_named(error);
  } else {
    opened.text->encode("a b 12 <|x|>", true, true);
  }
  return 0;
}
