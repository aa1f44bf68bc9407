// Whose records are still to be spread: names, each with how often it has been told.
//
// Bounds: one entry for each name, so as many as the table has members and one for the node itself.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace troupe {

class rumours {
 public:
  // Notes that there is news of `name`; it is told from the start.
  void add(const std::string& name) { told_[name] = 0; }

  // Takes the `count` names told least often; one told `tellings_max` times is dropped.
  std::vector<std::string> take(std::size_t count, std::size_t tellings_max);

  bool empty() const { return told_.empty(); }

 private:
  std::map<std::string, std::size_t> told_;
};

}  // namespace troupe
