// A mistake in a configuration file: where it is, what is wrong and what is allowed instead.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

// A place in a text file; both numbers start at 1, columns count bytes.
struct position {
  int line = 1;
  int column = 1;

  friend auto operator<=>(const position&, const position&) = default;
};

struct mistake {
  std::string file;
  int line = 1;
  int column = 1;
  std::string text;  // a sentence that starts with the field it is about

  friend bool operator==(const mistake&, const mistake&) = default;
};

// Renders a mistake as `file:line:column: sentence`, the form editors and compilers agree on.
std::string to_string(const mistake& m);

// Quotes what a user wrote for use in a sentence: cut after 60 bytes, control characters replaced.
std::string quote(std::string_view text);

// Returns the candidate that a misspelt word most likely meant, or an empty view.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

// Joins words with commas: `a, b, c`.
std::string joined(const std::vector<std::string_view>& words);

// Collects the mistakes of one file.
//
// Bounds: mistakes_max; further ones are counted into one last line.
class mistake_list {
 public:
  static constexpr std::size_t mistakes_max = 500;

  explicit mistake_list(std::string file) : file_{std::move(file)} {}

  // Adds a mistake; one that is there already (a shared YAML node read twice) is not repeated.
  void add(position at, std::string text);

  bool empty() const { return mistakes_.empty(); }

  // Returns all of them in the order of the file and leaves the list empty.
  std::vector<mistake> take();

 private:
  std::string file_;
  std::vector<mistake> mistakes_;
  std::size_t omitted_ = 0;
};

}  // namespace troupe::config
