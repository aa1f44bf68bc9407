// Encodes records from standard input (32-bit little-endian length, bytes) with a model's tokenizer
// and writes one line of token ids for each: our side of compare_tokenizer.py.
#include <cstdint>
#include <cstdio>
#include <string>

#include "engine/embedded/text/tokenizer.hpp"

int main(int argc, char** argv) {
  using namespace troupe;
  if (argc != 2) {
    std::fprintf(stderr, "usage: encode_records MODEL.gguf < records\n");
    return 2;
  }
  const auto file = engine::gguf_file::open(argv[1]);
  if (!file) {
    std::fprintf(stderr, "%s\n", failure_text(file.error()).c_str());
    return 1;
  }
  const auto tokens = engine::tokenizer::load(**file);
  if (!tokens) {
    std::fprintf(stderr, "%s\n", failure_text(tokens.error()).c_str());
    return 1;
  }
  std::uint32_t bytes = 0;
  while (std::fread(&bytes, sizeof(bytes), 1, stdin) == 1) {
    std::string text(bytes, '\0');
    if (std::fread(text.data(), 1, bytes, stdin) != bytes) return 1;
    for (const auto id : (*tokens)->encode(text, true, false)) std::printf("%d ", id);
    std::printf("\n");
  }
  return 0;
}
