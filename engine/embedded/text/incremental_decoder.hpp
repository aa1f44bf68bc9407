// Turns the bytes of streamed tokens into text that is valid UTF-8 at every moment: a character
// whose bytes are split over tokens waits for its end.
//
// Thread: one owner.
// Bounds: at most three bytes are held back.
#pragma once

#include <string>
#include <string_view>

namespace troupe::engine {

class incremental_decoder {
 public:
  // Takes a token's bytes; returns the characters that are now complete. Bytes that can no longer
  // become a character become U+FFFD.
  std::string push(std::string_view bytes);

  // Ends the text: returns U+FFFD for what never became a character, or nothing.
  std::string flush();

  // Whether bytes are held back.
  bool pending() const { return !pending_.empty(); }

 private:
  std::string pending_;
};

}  // namespace troupe::engine
