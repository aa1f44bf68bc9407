// Any bytes as a GGUF file: an error or a file whose views all lie inside the input.
#include <cstddef>
#include <cstdint>

#include "engine/embedded/model/gguf_file.hpp"
#include "engine/embedded/text/tokenizer.hpp"
#include "runtime/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const auto file = troupe::engine::gguf_file::parse(bytes, size);
  if (!file) return 0;
  for (const auto& tensor : (*file)->tensors()) {
    TROUPE_ASSERT(tensor.data >= bytes && tensor.data + tensor.bytes <= bytes + size);
  }
  const auto loaded = troupe::engine::tokenizer::load(**file);
  if (loaded) (*loaded)->encode("a b 12 <|x|>", true, true);
  return 0;
}
