// Compiled grammars of one vocabulary by schema, so that requests of one schema share their masks.
//
// Thread: any; a mutex guards the list, compilation happens outside of it.
// Bounds: programs_max programs, the least recently used one is dropped (requests that hold it keep
// it); schema_bytes_max bytes of schema.
// Errors: those of json_schema and json_grammar; invalid_request for text that is no JSON;
// unsupported where the vocabulary has no token that ends a text.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/embedded/grammar/token_grammar.hpp"

namespace troupe::engine {

class grammar_cache {
 public:
  using program = std::shared_ptr<grammar_program>;
  static constexpr std::size_t schema_bytes_max = 256 << 10;

  explicit grammar_cache(std::shared_ptr<const token_vocabulary> vocabulary,
                         std::size_t programs_max = 16)
      : vocabulary_{std::move(vocabulary)}, programs_max_{programs_max} {}

  // Returns the program of a schema, compiling it where it is new.
  caf::expected<program> json_schema_program(const nlohmann::ordered_json& schema);

  // Returns the program of a schema given as JSON text.
  caf::expected<program> json_text_program(std::string_view text);

  // Returns the program of a choice: the text is one of these, as they stand.
  caf::expected<program> choice_program(const std::vector<std::string>& texts);

  // Returns the program of response_format {"type": "json_object"}.
  caf::expected<program> json_object_program();

  // Returns how many programs are held.
  std::size_t size() const;

 private:
  struct entry {
    std::string key;
    program value;
  };

  caf::expected<program> compile(std::string key, const json_schema& schema);
  program find(const std::string& key);

  std::shared_ptr<const token_vocabulary> vocabulary_;
  std::size_t programs_max_;
  mutable std::mutex mutex_;
  std::list<entry> entries_;  // last used first
  std::unordered_map<std::string, std::list<entry>::iterator> by_key_;
};

}  // namespace troupe::engine
