// Random schemas of the subset, texts that satisfy them, and a validator that knows nothing of the
// code under test: it reads the schema as the specification says, on parsed values.
#pragma once

#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/embedded/grammar/json_grammar.hpp"

namespace troupe::engine::test {

using json = nlohmann::ordered_json;

class schema_rig {
 public:
  explicit schema_rig(std::uint64_t seed) : random_{seed} {}

  // Returns a schema with a "$defs" that may refer to itself.
  json schema();

  // Returns a value that satisfies a schema, its members in the schema's order.
  json instance(const json& schema, const json& root, int depth = 0);

  // Returns a whole number from 0 to below `end`.
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

 private:
  json sub_schema(int depth);
  json object_schema(int depth);
  json array_schema(int depth);
  json scalar_schema();
  json any_value(int depth);
  json object_instance(const json& schema, const json& root, int depth);
  json array_instance(const json& schema, const json& root, int depth);
  std::string text(std::size_t least, std::size_t most);

  std::mt19937_64 random_;
};

// Returns whether a value satisfies a schema.
bool validates(const json& schema, const json& value, const json& root);

// Compiles a schema that must compile.
json_grammar compiled(const json& schema);

// Returns how many bytes of a text a grammar takes.
std::size_t bytes_taken(const json_grammar& grammar, std::string_view text);

// Returns whether a grammar takes a text as a whole.
bool accepts(const json_grammar& grammar, std::string_view text);

}  // namespace troupe::engine::test
