#include "config/field_reader.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "config/units.hpp"

namespace troupe::config {

namespace {

constexpr std::size_t text_bytes_max = 4096;

std::string_view kind_name(yaml_kind kind) {
  switch (kind) {
    case yaml_kind::null:
      return "nothing";
    case yaml_kind::scalar:
      return "a single value";
    case yaml_kind::sequence:
      return "a list";
    case yaml_kind::map:
      return "a map";
  }
  return "nothing";
}

// Returns the end of a sentence about a text that breaks its form; empty: it is fine.
std::string form_mistake(text_form form, const std::string& text) {
  if (text.size() > text_bytes_max) {
    return "is longer than " + std::to_string(text_bytes_max) + " bytes";
  }
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (has_control) return "holds a line break or another control character";
  if (form == text_form::name && !is_name(text)) {
    return "is " + quote(text) +
           "; a name is 1 to 63 letters, digits, '.', '_' or '-' and starts "
           "with a letter or a digit";
  }
  if (form == text_form::listen && !parse_listen(text)) {
    return "is " + quote(text) +
           "; write ADDRESS:PORT with an IP address in numbers, such as "
           "127.0.0.1:8000, [::1]:8000 or 0.0.0.0:8000";
  }
  if (form == text_form::url) {
    if (std::string mistake = url_mistake(text); !mistake.empty()) {
      return quote(text) + " " + mistake;
    }
  }
  return {};
}

}  // namespace

field_reader::field_reader(const yaml_node& root, std::string folder, const environment& variables,
                           mistake_list& mistakes)
    : folder_{std::move(folder)}, variables_{variables}, mistakes_{mistakes} {
  enter(root, root.at, "");
}

void field_reader::enter(const yaml_node& map, position at, std::string path) {
  scopes_.push_back({&map, at, std::move(path), {}, {}});
}

void field_reader::leave() {
  const scope& left = scopes_.back();
  const std::vector<std::string_view> known{left.known.begin(), left.known.end()};
  for (const yaml_entry& entry : left.map->entries) {
    if (left.known.contains(entry.key)) continue;
    std::string text = path_to(quote(entry.key)) + " is not a key here";
    if (entry.key == "<<") {
      text = path_to("<<") + ": merge keys are not supported; repeat the fields";
    } else if (const auto meant = closest(entry.key, known); !meant.empty()) {
      text += "; did you mean '" + std::string{meant} + "'?";
    } else {
      text += "; allowed are " + joined(known);
    }
    mistakes_.add(entry.at, std::move(text));
  }
  scopes_.pop_back();
}

std::string field_reader::path_to(std::string_view key) const {
  const std::string& path = scopes_.back().path;
  return path.empty() ? std::string{key} : path + "." + std::string{key};
}

void field_reader::wrong(const field& f, position at, const std::string& sentence) {
  scopes_.back().wrong.emplace(f.key);
  mistakes_.add(at, path_to(f.key) + " " + sentence);
}

const yaml_entry* field_reader::find(std::string_view key) const {
  const auto& entries = scopes_.back().map->entries;
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const yaml_entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

// Finds the entry of a field that may be there; reports one that must not, or is missing.
const yaml_entry* field_reader::take(const field& f) {
  scopes_.back().known.emplace(f.key);
  const yaml_entry* entry = find(f.key);
  if (mode_ != presence::allowed) {
    if (entry != nullptr && mode_ == presence::forbidden) wrong(f, entry->at, forbidden_by_);
    return nullptr;
  }
  if (entry == nullptr && f.required) wrong(f, scopes_.back().at, "is missing");
  return entry;
}

std::optional<field_reader::scalar> field_reader::take_scalar(const field& f,
                                                              std::string_view wanted) {
  const yaml_entry* entry = take(f);
  if (entry == nullptr) return std::nullopt;
  const yaml_node& node = *entry->value;
  if (node.kind == yaml_kind::null) {
    wrong(f, entry->at, "has no value; expected " + std::string{wanted});
    return std::nullopt;
  }
  if (node.kind != yaml_kind::scalar) {
    wrong(f, node.at,
          "is " + std::string{kind_name(node.kind)} + "; expected " + std::string{wanted});
    return std::nullopt;
  }
  expansion expanded = expand(node.text, variables_);
  if (!expanded.mistake.empty()) {
    wrong(f, node.at, expanded.mistake);
    return std::nullopt;
  }
  return scalar{node.at, std::move(expanded.text)};
}

const yaml_node* field_reader::take_map(const field& f) {
  const yaml_entry* entry = take(f);
  if (entry == nullptr) return nullptr;
  const yaml_node& node = *entry->value;
  if (node.kind == yaml_kind::map || (node.kind == yaml_kind::null && !f.required)) return &node;
  wrong(f, node.kind == yaml_kind::null ? entry->at : node.at,
        "is " + std::string{kind_name(node.kind)} + "; expected a map of keys and values");
  return nullptr;
}

void field_reader::text(const field& f, text_form form, std::string& value) {
  auto found = take_scalar(f, "a text");
  if (!found) return;
  if (std::string mistake = form_mistake(form, found->text); !mistake.empty()) {
    wrong(f, found->at, mistake);
    return;
  }
  value = std::move(found->text);
  const bool is_relative = form == text_form::path && !value.empty() && !folder_.empty() &&
                           std::filesystem::path{value}.is_relative();
  if (is_relative) value = (std::filesystem::path{folder_} / value).lexically_normal().string();
}

void field_reader::integer(const field& f, const range& allowed, std::uint64_t& value) {
  const std::string wanted = allowed.min == allowed.max
                                 ? std::to_string(allowed.min)
                                 : "a whole number from " + std::to_string(allowed.min) + " to " +
                                       std::to_string(allowed.max);
  const auto found = take_scalar(f, wanted);
  if (!found) return;
  const auto parsed = parse_count(found->text);
  if (!parsed || *parsed < allowed.min || *parsed > allowed.max) {
    wrong(f, found->at, "is " + quote(found->text) + "; expected " + wanted);
    return;
  }
  value = *parsed;
}

void field_reader::size(const field& f, const range& allowed, std::uint64_t& value) {
  const std::string wanted = "a size such as 512MiB, 2GB or 4096, from " +
                             format_bytes(allowed.min) + " to " + format_bytes(allowed.max);
  const auto found = take_scalar(f, wanted);
  if (!found) return;
  const auto parsed = parse_bytes(found->text);
  if (!parsed || *parsed < allowed.min || *parsed > allowed.max) {
    wrong(f, found->at, "is " + quote(found->text) + "; expected " + wanted);
    return;
  }
  value = *parsed;
}

void field_reader::duration(const field& f, const duration_range& allowed,
                            std::chrono::milliseconds& value) {
  const std::string wanted = "a duration such as 100ms, 2s or 1m, from " +
                             format_duration(allowed.min) + " to " + format_duration(allowed.max);
  const auto found = take_scalar(f, wanted);
  if (!found) return;
  const auto parsed = parse_duration(found->text);
  if (!parsed || *parsed < allowed.min || *parsed > allowed.max) {
    wrong(f, found->at, "is " + quote(found->text) + "; expected " + wanted);
    return;
  }
  value = *parsed;
}

void field_reader::word(const field& f, const std::vector<std::string_view>& names,
                        std::size_t& index) {
  const auto found = take_scalar(f, "one of " + joined(names));
  if (!found) return;
  const auto name = std::find(names.begin(), names.end(), found->text);
  if (name == names.end()) {
    std::string sentence = "is " + quote(found->text) + "; allowed are " + joined(names);
    const std::string_view meant = closest(found->text, names);
    if (!meant.empty()) sentence += "; did you mean '" + std::string{meant} + "'?";
    wrong(f, found->at, sentence);
    return;
  }
  index = static_cast<std::size_t>(name - names.begin());
}

void field_reader::section(const field& f, const body& fields) {
  const yaml_node* map = take_map(f);
  if (map == nullptr) return;
  enter(*map, find(f.key)->at, path_to(f.key));
  fields();
  leave();
}

void field_reader::named(const field& f,
                         const std::function<void(const std::string&, field_visitor&)>& each) {
  const yaml_node* map = take_map(f);
  if (map == nullptr) return;
  if (map->entries.empty()) wrong(f, map->at, "is empty; name at least one");
  const std::string path = path_to(f.key);
  for (const yaml_entry& entry : map->entries) {
    if (const auto mistake = form_mistake(text_form::name, entry.key); !mistake.empty()) {
      wrong(f, entry.at, "has a name that " + mistake);
      continue;
    }
    if (entry.value->kind != yaml_kind::map) {
      mistakes_.add(entry.value->kind == yaml_kind::null ? entry.at : entry.value->at,
                    path + "." + entry.key + " is " + std::string{kind_name(entry.value->kind)} +
                        "; expected a map of keys and values");
      continue;
    }
    enter(*entry.value, entry.at, path + "." + entry.key);
    each(entry.key, *this);
    leave();
  }
}

void field_reader::list(const field& f, const std::vector<item_kind>& kinds) {
  const yaml_entry* entry = take(f);
  if (entry == nullptr) return;
  const yaml_node& node = *entry->value;
  if (node.kind != yaml_kind::sequence) {
    wrong(f, node.kind == yaml_kind::null ? entry->at : node.at,
          "is " + std::string{kind_name(node.kind)} +
              "; expected a list, each item after a dash on a line of its own");
    return;
  }
  const std::string path = path_to(f.key);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const bool is_read = read_item(*node.items[i], path + "[" + std::to_string(i) + "]", kinds);
    if (!is_read) scopes_.back().wrong.emplace(f.key);
  }
}

// Returns whether the item is a map of one of the kinds, whatever its fields are like.
bool field_reader::read_item(const yaml_node& item, const std::string& path,
                             const std::vector<item_kind>& kinds) {
  std::vector<std::string_view> words;
  for (const item_kind& kind : kinds) words.push_back(kind.word.key);
  if (item.kind != yaml_kind::map || item.entries.size() != 1) {
    const bool is_flat = item.kind == yaml_kind::map && item.entries.size() > 1;
    mistakes_.add(item.at, path + " is " + std::string{kind_name(item.kind)} +
                               (is_flat ? " with more than one key" : "") +
                               "; expected one key, of " + joined(words) +
                               ", and its fields indented below it or within {}");
    return false;
  }
  const yaml_entry& entry = item.entries.front();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const item_kind& candidate) {
    return candidate.word.key == entry.key;
  });
  enter(item, item.at, path);
  for (std::string_view word : words) scopes_.back().known.emplace(word);
  if (kind != kinds.end()) section(kind->word, [&] { kind->describe(*this); });
  const bool is_read = kind != kinds.end() && !scopes_.back().wrong.contains(entry.key);
  leave();
  return is_read;
}

void field_reader::only_where(std::string_view key, std::string_view value, bool holds,
                              const body& fields) {
  // Where `key` itself is wrong nobody knows which fields belong here: none is judged.
  const presence mode = scopes_.back().wrong.contains(key) ? presence::ignored
                        : holds                            ? presence::allowed
                                                           : presence::forbidden;
  mode_ = mode;
  forbidden_by_ = "belongs to " + std::string{key} + ": " + std::string{value} + " only";
  fields();
  mode_ = presence::allowed;
}

void field_reader::rule(std::initializer_list<std::string_view> keys,
                        const std::function<std::string()>& broken) {
  if (mode_ != presence::allowed) return;
  position at = scopes_.back().at;
  const yaml_entry* first = nullptr;
  for (std::string_view key : keys) {
    if (scopes_.back().wrong.contains(key)) return;
    if (first == nullptr) first = find(key);
  }
  if (first != nullptr) at = first->value->kind == yaml_kind::scalar ? first->value->at : first->at;
  const std::string sentence = broken();
  if (sentence.empty()) return;
  const std::string path = first != nullptr ? path_to(first->key) : scopes_.back().path;
  mistakes_.add(at, path + ": " + sentence);
}

}  // namespace troupe::config
