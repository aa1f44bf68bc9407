#include "engine/embedded/text/stop_matcher.hpp"

#include <algorithm>
#include <utility>

namespace troupe::engine {

namespace {

std::vector<std::size_t> borders_of(std::string_view text) {
  std::vector<std::size_t> borders(text.size(), 0);
  for (std::size_t i = 1, length = 0; i < text.size(); ++i) {
    while (length > 0 && text[i] != text[length]) length = borders[length - 1];
    if (text[i] == text[length]) ++length;
    borders[i] = length;
  }
  return borders;
}

}  // namespace

stop_matcher::stop_matcher(std::vector<std::string> stops, bool include_stop)
    : include_stop_{include_stop} {
  for (auto& text : stops) {
    auto borders = borders_of(text);
    patterns_.push_back({std::move(text), std::move(borders), 0});
  }
}

void stop_matcher::advance(pattern& stop, char c) {
  if (stop.text.empty()) return;
  while (stop.matched > 0 && stop.text[stop.matched] != c) {
    stop.matched = stop.borders[stop.matched - 1];
  }
  if (stop.text[stop.matched] == c) ++stop.matched;
}

stop_outcome stop_matcher::push(std::string_view piece) {
  stop_outcome out;
  if (stopped_) return out;
  for (const char c : piece) {
    held_ += c;
    std::size_t found = 0;
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
      auto& stop = patterns_[i];
      advance(stop, c);
      if (stop.text.empty() || stop.matched < stop.text.size() || stop.matched <= found) continue;
      found = stop.matched;
      out.stop = i;
    }
    if (found == 0) continue;
    stopped_ = out.stopped = true;
    if (!include_stop_) held_.resize(held_.size() - found);
    out.text = std::exchange(held_, {});
    return out;
  }
  std::size_t keep = 0;
  for (const auto& stop : patterns_) keep = std::max(keep, stop.matched);
  out.text = held_.substr(0, held_.size() - keep);
  held_.erase(0, held_.size() - keep);
  return out;
}

std::string stop_matcher::flush() {
  stopped_ = true;
  return std::exchange(held_, {});
}

}  // namespace troupe::engine
