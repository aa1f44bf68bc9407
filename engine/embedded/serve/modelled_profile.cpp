#include "engine/embedded/serve/modelled_profile.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "config/yaml_tree.hpp"

namespace troupe::engine {

namespace {

constexpr std::size_t file_bytes_max = 64 * 1024;
constexpr std::size_t name_bytes_max = 200;

// A number of the file: where it goes, and the range it must lie in.
struct time_key {
  std::string_view name;
  double time_profile::*value;
  double most;
};
struct count_key {
  std::string_view name;
  std::uint64_t time_profile::*value;
  std::uint64_t least;
  std::uint64_t most;
};

constexpr std::array time_keys{
    time_key{"step_us", &time_profile::step_us, 1e9},
    time_key{"prefill_token_us", &time_profile::prefill_token_us, 1e7},
    time_key{"prefill_context_ns", &time_profile::prefill_context_ns, 1e7},
    time_key{"decode_token_us", &time_profile::decode_token_us, 1e7},
    time_key{"kv_token_us", &time_profile::kv_token_us, 1e7},
};
constexpr std::array count_keys{
    count_key{"kv_tokens", &time_profile::kv_tokens, 16, 1'000'000'000},
    count_key{"context_tokens", &time_profile::context_tokens, 1, 16'777'216},
    count_key{"answer_tokens_mean", &time_profile::answer_tokens_mean, 0, 1'000'000},
};
// What a profile may leave out; the rest must be there.
constexpr std::array<std::string_view, 2> optional_keys{"decode_token_us", "answer_tokens_mean"};

std::vector<std::string_view> all_keys() {
  std::vector<std::string_view> names{"name"};
  for (const auto& key : time_keys) names.push_back(key.name);
  for (const auto& key : count_keys) names.push_back(key.name);
  return names;
}

// Reads all of a text as a number; nothing where it is none.
template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return value;
}

std::string in_words(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

class profile_reader {
 public:
  profile_reader(const config::yaml_node& root, config::mistake_list& mistakes)
      : root_{root}, mistakes_{mistakes} {}

  time_profile read() {
    for (const auto& key : time_keys) read_time(key);
    for (const auto& key : count_keys) read_count(key);
    read_name();
    refuse_unknown();
    return std::move(profile_);
  }

 private:
  // Returns the scalar under a key, or null with the mistake noted.
  const config::yaml_node* scalar(std::string_view name) {
    const auto at = std::ranges::find(root_.entries, name, &config::yaml_entry::key);
    if (at == root_.entries.end()) {
      if (std::ranges::find(optional_keys, name) == optional_keys.end()) {
        mistakes_.add(root_.at, std::string{name} + " is missing");
      }
      return nullptr;
    }
    if (at->value->kind == config::yaml_kind::scalar) return at->value.get();
    mistakes_.add(at->at, std::string{name} + " is " +
                              std::string{config::to_string(at->value->kind)} +
                              "; expected one value");
    return nullptr;
  }

  void read_time(const time_key& key) {
    const auto* node = scalar(key.name);
    if (node == nullptr) return;
    const auto value = number_of<double>(node->text);
    if (value && *value >= 0 && *value <= key.most) {
      profile_.*key.value = *value;
    } else {
      refuse(key.name, *node, "a number from 0 to " + in_words(key.most));
    }
  }

  void read_count(const count_key& key) {
    const auto* node = scalar(key.name);
    if (node == nullptr) return;
    const auto value = number_of<std::uint64_t>(node->text);
    if (value && *value >= key.least && *value <= key.most) {
      profile_.*key.value = *value;
    } else {
      refuse(
          key.name, *node,
          "a whole number from " + std::to_string(key.least) + " to " + std::to_string(key.most));
    }
  }

  void read_name() {
    const auto* node = scalar("name");
    if (node == nullptr) return;
    if (node->text.empty() || node->text.size() > name_bytes_max) {
      refuse("name", *node, "a text of 1 to " + std::to_string(name_bytes_max) + " bytes");
    }
    profile_.name = node->text;
  }

  void refuse(std::string_view name, const config::yaml_node& node, const std::string& expected) {
    mistakes_.add(node.at,
                  std::string{name} + " is " + config::quote(node.text) + "; expected " + expected);
  }

  void refuse_unknown() {
    const auto known = all_keys();
    for (const auto& entry : root_.entries) {
      if (std::ranges::find(known, entry.key) != known.end()) continue;
      const auto meant = config::closest(entry.key, known);
      mistakes_.add(entry.at, config::quote(entry.key) + " is no key of a time profile; " +
                                  (meant.empty() ? "it has: " + config::joined(known)
                                                 : "did you mean " + std::string{meant} + "?"));
    }
  }

  const config::yaml_node& root_;
  config::mistake_list& mistakes_;
  time_profile profile_;
};

caf::error as_error(const std::vector<config::mistake>& mistakes) {
  std::string lines;
  for (const auto& each : mistakes) lines += (lines.empty() ? "" : "\n") + to_string(each);
  return make_failure(errc::invalid_config, std::move(lines));
}

}  // namespace

caf::expected<time_profile> parse_time_profile(std::string_view text, const std::string& name) {
  config::yaml_limits limits;
  limits.file_bytes_max = file_bytes_max;
  config::mistake_list mistakes{name};
  time_profile profile;
  const auto root = config::parse_yaml(text, limits, mistakes);
  if (root && root->kind == config::yaml_kind::map) {
    profile = profile_reader{*root, mistakes}.read();
  } else if (mistakes.empty()) {
    mistakes.add({}, "the file holds no map of keys and values; a time profile has: " +
                         config::joined(all_keys()));
  }
  if (const auto found = mistakes.take(); !found.empty()) return as_error(found);
  return profile;
}

caf::expected<time_profile> read_time_profile(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  // One byte more than allowed, so that the parser can say what is wrong.
  std::string text(file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.eof() && !file) return make_failure(errc::io_error, path + ": cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_time_profile(text, path);
}

std::chrono::nanoseconds step_time(const time_profile& profile,
                                   std::span<const sequence_slice> slices) {
  double prefill = 0, pairs = 0, decode = 0, kv = 0;
  for (const auto& slice : slices) {
    const auto tokens = static_cast<double>(slice.tokens.size());
    const auto before = static_cast<double>(slice.position);
    kv += before + tokens;
    if (slice.tokens.size() == 1) {
      ++decode;
      continue;
    }
    prefill += tokens;
    pairs += tokens * before + tokens * (tokens - 1) / 2;
  }
  const double us = profile.step_us + profile.prefill_token_us * prefill +
                    profile.prefill_context_ns * pairs * 1e-3 + profile.decode_token_us * decode +
                    profile.kv_token_us * kv;
  return std::chrono::nanoseconds{static_cast<std::int64_t>(us * 1e3 + 0.5)};
}

}  // namespace troupe::engine
