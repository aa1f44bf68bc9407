#include "apps/bench/trace_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include <simdjson.h>

#include "config/mistake.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps::bench {

namespace {

namespace json = simdjson::dom;
using std::chrono::nanoseconds;

constexpr double timestamp_ms_max = 9e12;  // 285 years, in nanoseconds still an int64_t

constexpr std::array<std::string_view, 3> columns{"TIMESTAMP", "ContextTokens", "GeneratedTokens"};

// Takes the next line off a text, without its end.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::vector<std::string_view> split(std::string_view line, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = std::min(line.find(at), line.size());
    parts.push_back(line.substr(0, end));
    if (end == line.size()) return parts;
    line.remove_prefix(end + 1);
  }
}

std::optional<std::uint64_t> whole_number(std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end || value > most) return std::nullopt;
  return value;
}

// Reads `2023-11-16 18:15:46.6805900`, or with T, as time since the epoch. Nanoseconds count as far
// as the year 2262.
std::optional<nanoseconds> time_of(std::string_view text) {
  constexpr std::string_view form = "0000-00-00 00:00:00";
  if (text.size() < form.size()) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !digit : text[i] != form[i] && !(form[i] == ' ' && text[i] == 'T')) {
      return std::nullopt;
    }
  }
  const auto part = [&](std::size_t at, std::size_t size) {
    return static_cast<unsigned>(*whole_number(text.substr(at, size), 9999));
  };
  using namespace std::chrono;
  const year_month_day date{year{static_cast<int>(part(0, 4))}, month{part(5, 2)}, day{part(8, 2)}};
  if (!date.ok() || date.year() < year{1970} || date.year() > year{2261}) return std::nullopt;
  if (part(11, 2) > 23 || part(14, 2) > 59 || part(17, 2) > 60) return std::nullopt;
  nanoseconds at = sys_days{date}.time_since_epoch() + hours{part(11, 2)} + minutes{part(14, 2)} +
                   seconds{part(17, 2)};
  std::string_view rest = text.substr(form.size());
  if (rest.empty()) return at;
  if (rest.front() != '.' || rest.size() < 2 || rest.size() > 10) return std::nullopt;
  std::string digits{rest.substr(1)};
  digits.resize(9, '0');
  const auto fraction = whole_number(digits, 999'999'999);
  if (!fraction) return std::nullopt;
  return at + nanoseconds{*fraction};
}

class trace_parser {
 public:
  trace_parser(std::string_view text, const std::string& name) : rest_{text}, name_{name} {}

  caf::expected<std::vector<trace_request>> parse() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    const bool is_json = rest_.starts_with('{');
    if (is_json || read_header()) {
      while (!rest_.empty() && mistake_.empty()) {
        const std::string_view line = next_line();
        if (line.empty()) continue;
        is_json ? read_json(line) : read_csv(line);
        if (found_.size() > trace_requests_max) fail("more requests than 1000000");
      }
    }
    if (mistake_.empty() && found_.empty()) fail("the file holds no request");
    if (!mistake_.empty()) return make_failure(errc::malformed_file, mistake_);
    count_from_first();
    return std::move(found_);
  }

 private:
  std::string_view next_line() {
    ++line_;
    return take_line(rest_);
  }

  void fail(const std::string& sentence) {
    if (mistake_.empty()) mistake_ = name_ + ":" + std::to_string(line_) + ": " + sentence;
  }

  bool read_header() {
    const auto names = split(next_line(), ',');
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto at = std::ranges::find(names, columns[i]);
      if (at == names.end()) {
        fail(
            "no trace: expected a CSV header with TIMESTAMP, ContextTokens and GeneratedTokens, "
            "or JSON lines with timestamp, input_length and output_length");
        return false;
      }
      places_[i] = static_cast<std::size_t>(at - names.begin());
    }
    fields_ = names.size();
    return true;
  }

  void read_csv(std::string_view line) {
    const auto parts = split(line, ',');
    if (parts.size() != fields_) {
      return fail("has " + std::to_string(parts.size()) + " fields, the header " +
                  std::to_string(fields_));
    }
    const auto time = time_of(parts[places_[0]]);
    if (!time) {
      return fail("TIMESTAMP is " + config::quote(parts[places_[0]]) +
                  "; expected YYYY-MM-DD HH:MM:SS.fraction");
    }
    const auto prompt = tokens(columns[1], whole_number(parts[places_[1]], trace_tokens_max));
    const auto answer = tokens(columns[2], whole_number(parts[places_[2]], trace_tokens_max));
    found_.push_back({*time, prompt, answer, {}});
  }

  std::uint32_t tokens(std::string_view field, std::optional<std::uint64_t> value) {
    if (!value || *value > trace_tokens_max) {
      fail(std::string{field} + " is no whole number from 0 to " +
           std::to_string(trace_tokens_max));
      return 0;
    }
    return static_cast<std::uint32_t>(*value);
  }

  void read_json(std::string_view line) {
    json::object object;
    if (json_.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) {
      return fail("is no JSON object");
    }
    const auto number = [&](const char* key) -> std::optional<std::uint64_t> {
      std::uint64_t value = 0;
      if (object[key].get(value) != simdjson::SUCCESS) return std::nullopt;
      return value;
    };
    double at_ms = -1;
    if (object["timestamp"].get(at_ms) != simdjson::SUCCESS ||
        !(at_ms >= 0 && at_ms < timestamp_ms_max)) {
      return fail("timestamp is no number of milliseconds");
    }
    trace_request made;
    made.at = nanoseconds{static_cast<std::int64_t>(at_ms * 1e6)};
    made.prompt_tokens = tokens("input_length", number("input_length"));
    made.answer_tokens = tokens("output_length", number("output_length"));
    read_blocks(object, made);
    found_.push_back(std::move(made));
  }

  void read_blocks(const json::object& object, trace_request& made) {
    json::array ids;
    const auto got = object["hash_ids"].get(ids);
    if (got == simdjson::NO_SUCH_FIELD) return;
    if (got != simdjson::SUCCESS) return fail("hash_ids is no list");
    for (const json::element id : ids) {
      std::uint64_t value = 0;
      if (id.get(value) != simdjson::SUCCESS || value > UINT32_MAX) {
        return fail("hash_ids holds something else than whole numbers below 2^32");
      }
      made.blocks.push_back(static_cast<std::uint32_t>(value));
    }
    const auto wanted = (made.prompt_tokens + trace_block_tokens - 1) / trace_block_tokens;
    if (made.blocks.size() != wanted) {
      fail("hash_ids has " + std::to_string(made.blocks.size()) + " ids for " +
           std::to_string(made.prompt_tokens) + " tokens; expected one for each 512");
    }
  }

  void count_from_first() {
    std::ranges::stable_sort(found_, {}, &trace_request::at);
    const auto first = found_.front().at;
    for (trace_request& each : found_) each.at -= first;
  }

  std::string_view rest_;
  std::string name_;
  json::parser json_;
  std::array<std::size_t, columns.size()> places_{};
  std::size_t fields_ = 0;
  std::size_t line_ = 0;
  std::string mistake_;
  std::vector<trace_request> found_;
};

}  // namespace

caf::expected<std::vector<trace_request>> parse_trace(std::string_view text,
                                                      const std::string& name) {
  return trace_parser{text, name}.parse();
}

caf::expected<std::vector<trace_request>> read_trace(const std::string& path) {
  std::ifstream file{path, std::ios::binary | std::ios::ate};
  if (!file) return make_failure(errc::io_error, path + ": cannot be read");
  const auto bytes = static_cast<std::int64_t>(file.tellg());
  if (bytes < 0 || static_cast<std::uint64_t>(bytes) > trace_bytes_max) {
    return make_failure(errc::malformed_file, path + ": is over 1 GB");
  }
  std::string text(static_cast<std::size_t>(bytes), '\0');
  file.seekg(0);
  if (!file.read(text.data(), bytes))
    return make_failure(errc::io_error, path + ": cannot be read");
  return parse_trace(text, path);
}

}  // namespace troupe::apps::bench
