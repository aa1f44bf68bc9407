// The structure of a file: maps, lists and what may stand where. Single values: field_reader.cpp.
#include <algorithm>
#include <utility>

#include "config/field_reader.hpp"

namespace troupe::config {

void field_reader::section(const field& f, const body& fields) {
  const yaml_node* map = take_map(f);
  if (map == nullptr) return;
  enter(*map, find(f.key)->at, path_to(f.key));
  fields();
  leave();
}

// Appends one item of a list of texts; false where it is none.
bool field_reader::read_text(const field& f, const yaml_node& item, text_form form,
                             std::vector<std::string>& values) {
  const std::string at = path_to(f.key) + "[" + std::to_string(values.size()) + "] ";
  if (item.kind != yaml_kind::scalar) {
    mistakes_.add(item.at, at + "is " + std::string{to_string(item.kind)} + "; expected a text");
    return false;
  }
  expansion expanded = expand(item.text, variables_);
  std::string mistake = expanded.mistake;
  if (mistake.empty()) mistake = form_mistake(form, expanded.text);
  if (mistake.empty() && std::find(values.begin(), values.end(), expanded.text) != values.end()) {
    mistake = "is " + quote(expanded.text) + ", which is there already";
  }
  if (!mistake.empty()) mistakes_.add(item.at, at + mistake);
  values.push_back(std::move(expanded.text));
  return mistake.empty();
}

void field_reader::texts(const field& f, text_form form, std::vector<std::string>& values) {
  const yaml_entry* entry = take(f);
  if (entry == nullptr) return;
  const yaml_node& node = *entry->value;
  if (node.kind != yaml_kind::sequence) {
    wrong(f, node.kind == yaml_kind::null ? entry->at : node.at,
          "is " + std::string{to_string(node.kind)} + "; expected a list such as [a, b]");
    return;
  }
  std::vector<std::string> read;
  bool good = true;
  for (const auto& item : node.items) good = read_text(f, *item, form, read) && good;
  if (good) {
    values = std::move(read);
  } else {
    scopes_.back().wrong.emplace(f.key);
  }
}

void field_reader::named(const field& f, text_form form,
                         const std::function<void(const std::string&, field_visitor&)>& each) {
  const yaml_node* map = take_map(f);
  if (map == nullptr) return;
  if (map->entries.empty()) wrong(f, map->at, "is empty; name at least one");
  const std::string path = path_to(f.key);
  for (const yaml_entry& entry : map->entries) {
    if (const auto mistake = form_mistake(form, entry.key); !mistake.empty()) {
      wrong(f, entry.at, "has a name that " + mistake);
      continue;
    }
    if (entry.value->kind != yaml_kind::map) {
      mistakes_.add(entry.value->kind == yaml_kind::null ? entry.at : entry.value->at,
                    path + "." + entry.key + " is " + std::string{to_string(entry.value->kind)} +
                        "; expected a map of keys and values");
      continue;
    }
    enter(*entry.value, entry.at, path + "." + entry.key);
    each(entry.key, *this);
    leave();
  }
}

// Reads how many nodes the map being read stands for; 0 where it is one of its own name, or a
// mistake leaves it so.
std::uint64_t field_reader::read_replicas(const std::string& name) {
  std::uint64_t replicas = 0;
  integer(replicas_field, replicas_range, replicas);
  if (replicas == 0) return 0;
  const position at = find(replicas_field.key)->value->at;
  const std::string last = name + "-" + std::to_string(replicas - 1);
  if (const auto mistake = form_mistake(text_form::name, last); !mistake.empty()) {
    wrong(replicas_field, at, "makes a name that " + mistake);
    return 0;
  }
  values_replicated_ += replicas * scopes_.back().map->weight;
  if (values_replicated_ <= yaml_limits{}.nodes_max) return replicas;
  wrong(replicas_field, at,
        "makes more than " + std::to_string(yaml_limits{}.nodes_max) + " values of this file");
  return 0;
}

void field_reader::replicated(const field& f, text_form form, const replica_body& each) {
  named(f, form, [&](const std::string& entry, field_visitor&) {
    const auto replicas = read_replicas(entry);
    if (replicas == 0) return each(entry, false, *this);
    const environment outer = variables_;
    for (std::uint64_t i = 0; i < replicas; ++i) {
      const std::string ordinal = std::to_string(i);
      const std::string name = entry + "-" + ordinal;
      variables_ = [&](const std::string& variable) -> std::optional<std::string> {
        if (variable == "NODE") return name;
        return variable == "ORDINAL" ? ordinal : outer(variable);
      };
      each(name, true, *this);
    }
    variables_ = outer;
  });
}

void field_reader::text_map(const field& f, text_form form,
                            std::map<std::string, std::string>& values) {
  const yaml_node* map = take_map(f);
  if (map == nullptr) return;
  std::map<std::string, std::string> read;
  enter(*map, find(f.key)->at, path_to(f.key));
  for (const yaml_entry& entry : map->entries) {
    const field each{entry.key, ""};
    if (const auto mistake = form_mistake(text_form::name, entry.key); !mistake.empty()) {
      scopes_.back().known.insert(entry.key);
      scopes_.back().wrong.insert(entry.key);
      mistakes_.add(entry.at, scopes_.back().path + " has a name that " + mistake);
      continue;
    }
    text(each, form, read[entry.key]);
  }
  const bool good = scopes_.back().wrong.empty();
  leave();
  if (good) {
    values = std::move(read);
  } else {
    scopes_.back().wrong.emplace(f.key);
  }
}

void field_reader::list(const field& f, const std::vector<item_kind>& kinds) {
  const yaml_entry* entry = take(f);
  if (entry == nullptr) return;
  const yaml_node& node = *entry->value;
  if (node.kind != yaml_kind::sequence) {
    wrong(f, node.kind == yaml_kind::null ? entry->at : node.at,
          "is " + std::string{to_string(node.kind)} +
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
    mistakes_.add(item.at, path + " is " + std::string{to_string(item.kind)} +
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
