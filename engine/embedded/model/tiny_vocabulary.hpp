// The tiny model's byte-level BPE vocabulary, learnt from a page of English when it is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::engine {

struct tiny_vocabulary {
  std::vector<std::string> tokens;  // 3 control tokens, 256 bytes, then one per merge
  std::vector<std::int32_t> types;  // GGUF's token types: 1 normal, 3 control
  std::vector<std::string> merges;  // "left right", by rank
};

// Learns the vocabulary; always the same one.
tiny_vocabulary make_tiny_vocabulary();

}  // namespace troupe::engine
