#include "engine/embedded/grammar/grammar_cache.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

caf::error wrong(std::string text) {
  return make_failure(errc::invalid_request, std::move(text));
}

std::string larger_than_allowed() {
  return "is larger than " + std::to_string(grammar_cache::schema_bytes_max) + " bytes";
}

}  // namespace

caf::expected<grammar_cache::program> grammar_cache::json_schema_program(const json& schema) {
  if (json_schema::is_too_deep(schema)) return json_schema::read(schema).error();
  auto key = schema.dump(-1, ' ', false, json::error_handler_t::replace);
  if (key.size() > schema_bytes_max) {
    return wrong("the JSON schema " + larger_than_allowed());
  }
  if (auto known = find(key)) return known;
  const auto read = json_schema::read(schema);
  if (!read) return read.error();
  return compile(std::move(key), *read);
}

caf::expected<grammar_cache::program> grammar_cache::json_text_program(std::string_view text) {
  if (text.size() > schema_bytes_max) return wrong("the JSON schema " + larger_than_allowed());
  const auto schema = json::parse(text, nullptr, false);
  if (schema.is_discarded()) return wrong("the JSON schema is not valid JSON");
  return json_schema_program(schema);
}

caf::expected<grammar_cache::program> grammar_cache::choice_program(
    const std::vector<std::string>& texts) {
  if (texts.empty()) return wrong("the choice must hold a text");
  if (texts.size() > json_schema::literals_max) {
    return wrong("the choice holds over " + std::to_string(json_schema::literals_max) + " texts");
  }
  auto key = "choice" + json(texts).dump(-1, ' ', false, json::error_handler_t::replace);
  if (key.size() > schema_bytes_max) return wrong("the choice " + larger_than_allowed());
  if (auto known = find(key)) return known;
  return compile(std::move(key), json_schema::one_of_texts(texts));
}

caf::expected<grammar_cache::program> grammar_cache::json_object_program() {
  std::string key = "json_object";  // no JSON text, so no schema has this key
  if (auto known = find(key)) return known;
  return compile(std::move(key), json_schema::any_object());
}

std::size_t grammar_cache::size() const {
  const std::scoped_lock lock{mutex_};
  return entries_.size();
}

caf::expected<grammar_cache::program> grammar_cache::compile(std::string key,
                                                             const json_schema& schema) {
  if (vocabulary_->ends().empty()) {
    return make_failure(errc::unsupported,
                        "the model has no token that ends a text, so none can be held to a form");
  }
  auto grammar = json_grammar::compile(schema);
  if (!grammar) return std::move(grammar.error());
  auto made = std::make_shared<grammar_program>(std::move(*grammar), vocabulary_);
  const std::scoped_lock lock{mutex_};
  if (by_key_.contains(key)) return by_key_[key]->value;  // another thread was faster
  entries_.push_front({key, made});
  by_key_[std::move(key)] = entries_.begin();
  if (entries_.size() > programs_max_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return made;
}

grammar_cache::program grammar_cache::find(const std::string& key) {
  const std::scoped_lock lock{mutex_};
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->value;
}

}  // namespace troupe::engine
