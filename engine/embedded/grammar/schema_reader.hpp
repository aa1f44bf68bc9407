// Turns a JSON Schema's text tree into schema nodes, one schema at a time from a queue, so that
// neither nesting nor recursive references recurse here.
//
// Errors: the first one sticks and ends the reading.
#pragma once

#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "engine/embedded/grammar/json_schema.hpp"

namespace troupe::engine {

class schema_reader {
 public:
  using json = nlohmann::ordered_json;

  explicit schema_reader(const json& root) : root_{root} {}

  // Reads everything that is reachable from the root.
  caf::expected<std::vector<schema_node>> run();

 private:
  struct task {
    schema_id node;
    const json* schema;
    std::string path;  // JSON pointer, for messages and references
    std::size_t depth;
    std::string type{};  // the one to read, where the schema allows several
  };

  // the queue
  schema_id add_task(const json& schema, std::string path, std::size_t depth);
  schema_id child(const task& parent, const json& schema, std::string_view step);
  const json& keep(json schema);
  void find_empty_cycles();

  // one schema
  void read(const task& t);
  void check_keywords(const task& t);
  void read_merged(const task& t);
  void read_reference(const task& t);
  void read_choices(const task& t, std::string_view keyword);
  void read_literals(const task& t);
  void read_types(const task& t);
  void read_type(const task& t, std::string_view type);
  void read_object(const task& t);
  void read_properties(const task& t, schema_node& node);
  void read_array(const task& t);
  void read_range(const task& t);
  void read_bound(const task& t, std::string_view keyword, schema_node& node);

  // values of keywords
  std::vector<std::string> type_names(const task& t);
  std::vector<std::string> required_names(const task& t);
  void read_counts(const task& t, std::string_view least, std::string_view most);
  const json* resolve(std::string_view pointer);

  void fail(errc code, const task& t, std::string_view keyword, std::string_view what);
  void fail_bound(std::string text);

  const json& root_;
  std::deque<task> pending_;
  std::deque<json> kept_;                                  // merged schemas, which tasks point into
  std::unordered_map<std::string, schema_id> references_;  // by pointer
  std::vector<schema_node> nodes_;
  std::size_t kept_bytes_ = 0;
  std::size_t literal_count_ = 0;
  std::optional<caf::error> failure_;
};

}  // namespace troupe::engine
