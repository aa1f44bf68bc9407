#include "config/field_reader.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "config/units.hpp"

namespace troupe::config {

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
          "is " + std::string{to_string(node.kind)} + "; expected " + std::string{wanted});
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
        "is " + std::string{to_string(node.kind)} + "; expected a map of keys and values");
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

}  // namespace troupe::config
