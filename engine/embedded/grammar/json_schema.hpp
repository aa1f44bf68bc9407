// A JSON Schema of our subset, read into a flat tree that the grammar is built from.
//
// The subset is described in docs/engine.md. A keyword outside of it is errc::unsupported and named
// by its JSON pointer: none is dropped in silence, because a constraint that is not enforced looks
// to the client like one that is. Annotations (title, description, default, format, ...) constrain
// nothing and are let pass.
//
// Thread: immutable once read.
// Bounds: nodes_max schemas, depth_max levels of nesting, literals_max values of enums.
// Errors: unsupported (outside the subset), invalid_request (no schema at all, or over a bound).
// Source: JSON Schema draft 2020-12, core and validation.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <caf/expected.hpp>
#include <nlohmann/json.hpp>

#include "runtime/errc.hpp"

namespace troupe::engine {

inline constexpr std::uint32_t no_limit = std::numeric_limits<std::uint32_t>::max();

using schema_id = std::uint32_t;
inline constexpr schema_id no_schema = std::numeric_limits<schema_id>::max();

enum class schema_kind : std::uint8_t {
  any,      // every JSON value
  choice,   // one of `choices`; none at all where there are none
  literal,  // one of `literals`
  null,
  boolean,
  integer,
  number,
  string,
  array,
  object,
};

struct schema_property {
  std::string name;
  schema_id value = no_schema;
  bool required = false;
};

struct schema_node {
  schema_kind kind = schema_kind::any;
  std::vector<schema_id> choices;
  std::vector<std::string> literals;  // compact JSON, or the texts of one_of_texts

  std::vector<schema_property> properties;  // in the order they are written
  schema_id additional = no_schema;         // further members; no_schema: none allowed

  std::vector<schema_id> prefix;  // of the first items
  schema_id items = no_schema;    // of the others; always set for arrays

  std::uint32_t count_min = 0;  // items, or characters (code points) of a string
  std::uint32_t count_max = no_limit;

  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();  // integers
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  bool non_negative = false;  // numbers
};

class json_schema {
 public:
  static constexpr std::size_t nodes_max = 10'000;
  static constexpr std::size_t depth_max = 64;
  static constexpr std::size_t json_depth_max = 256;
  static constexpr std::size_t literals_max = 10'000;

  // Reads a schema; local references may be recursive.
  static caf::expected<json_schema> read(const nlohmann::ordered_json& schema);

  // Returns whether a tree is nested over json_depth_max levels deep. Whoever copies, compares or
  // prints a tree from outside asks first: the JSON library recurses there.
  static bool is_too_deep(const nlohmann::ordered_json& tree);

  // Returns the schema of response_format {"type": "json_object"}: any object.
  static json_schema any_object();

  // Returns a schema, in no JSON Schema's terms, of one of some texts, as they stand.
  static json_schema one_of_texts(std::vector<std::string> texts);

  // Returns the nodes; the first one is the root.
  const std::vector<schema_node>& nodes() const { return nodes_; }

 private:
  explicit json_schema(std::vector<schema_node> nodes) : nodes_{std::move(nodes)} {}

  std::vector<schema_node> nodes_;
};

}  // namespace troupe::engine
