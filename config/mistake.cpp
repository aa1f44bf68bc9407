#include "config/mistake.hpp"

#include <algorithm>
#include <utility>

namespace troupe::config {

namespace {

constexpr std::size_t quoted_bytes_max = 60;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same_letter(char a, char b) {
  return lower(a) == lower(b) || ((a == '-' || a == '_') && (b == '-' || b == '_'));
}

// The number of single-letter edits and swaps of neighbours between two words, letter case and
// `-`/`_` aside.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced =
          table[i - 1][j - 1] + (is_same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
      table[i][j] = std::min({replaced, table[i - 1][j] + 1, table[i][j - 1] + 1});
      const bool is_swap = i > 1 && j > 1 && is_same_letter(a[i - 1], b[j - 2]) &&
                           is_same_letter(a[i - 2], b[j - 1]);
      if (is_swap) table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

}  // namespace

std::string to_string(const mistake& m) {
  return m.file + ":" + std::to_string(m.line) + ":" + std::to_string(m.column) + ": " + m.text;
}

std::string quote(std::string_view text) {
  std::string out = "'";
  for (char c : text.substr(0, quoted_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  if (text.size() > quoted_bytes_max) out += "...";
  return out + "'";
}

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t word_bytes_max = 64;
  if (word.empty() || word.size() > word_bytes_max) return {};
  std::string_view best;
  std::size_t best_distance = 1 + std::max<std::size_t>(1, word.size() / 3);
  for (std::string_view candidate : candidates) {
    std::size_t distance = edit_distance(word, candidate);
    // A unit or a part left out or added (`kv_bytes` for `kv`) is the same word to a reader.
    const std::string_view shorter = word.size() < candidate.size() ? word : candidate;
    const std::string_view longer = word.size() < candidate.size() ? candidate : word;
    if (shorter.size() >= 2 && longer.starts_with(shorter))
      distance = std::min<std::size_t>(distance, 1);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

void mistake_list::add(position at, std::string text) {
  mistake m{file_, at.line, at.column, std::move(text)};
  if (std::find(mistakes_.begin(), mistakes_.end(), m) != mistakes_.end()) return;
  if (mistakes_.size() < mistakes_max) {
    mistakes_.push_back(std::move(m));
  } else {
    ++omitted_;
  }
}

std::vector<mistake> mistake_list::take() {
  std::stable_sort(mistakes_.begin(), mistakes_.end(), [](const mistake& a, const mistake& b) {
    return std::pair{a.line, a.column} < std::pair{b.line, b.column};
  });
  if (omitted_ > 0) {
    const mistake& last = mistakes_.back();
    mistakes_.push_back({file_, last.line, last.column,
                         "and " + std::to_string(omitted_) + " more mistakes, not shown"});
  }
  omitted_ = 0;
  return std::exchange(mistakes_, {});
}

}  // namespace troupe::config
