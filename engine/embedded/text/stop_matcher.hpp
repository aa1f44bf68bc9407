// Watches streamed text for stop strings and holds back what may be the start of one.
//
// The stop that ends first wins, of those that end together the longest; so the result does not
// depend on how the text was cut into pieces.
//
// Thread: one owner.
// Bounds: holds back less than the longest stop string; costs each character one step a stop.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::engine {

struct stop_outcome {
  std::string text;      // may be sent now; valid UTF-8 if text and stops are
  bool stopped = false;  // a stop was found: the text above is the last
  std::size_t stop = 0;  // which one, where stopped
};

class stop_matcher {
 public:
  // Empty stops are ignored. With include_stop, the stop itself ends the text; otherwise the text
  // is cut before it.
  explicit stop_matcher(std::vector<std::string> stops, bool include_stop = false);

  // Takes the next piece; after a stop was found, nothing more comes out.
  stop_outcome push(std::string_view piece);

  // Ends the text: returns what was held back.
  std::string flush();

 private:
  // A stop string with its Knuth-Morris-Pratt table.
  struct pattern {
    std::string text;
    std::vector<std::size_t> borders;  // of each prefix: its longest border's length
    std::size_t matched = 0;           // how much of it the text so far ends with
  };

  static void advance(pattern& stop, char c);

  std::vector<pattern> patterns_;
  bool include_stop_;
  bool stopped_ = false;
  std::string held_;
};

}  // namespace troupe::engine
