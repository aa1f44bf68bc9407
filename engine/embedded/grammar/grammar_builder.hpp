// Builds the automaton of a schema: one callable part for each schema node, so that recursion in
// the schema is recursion in the automaton.
//
// Objects write their properties in the schema's order, optional ones may be left out, further
// members follow. White space: see lexical_rules; it may stand after an opening bracket, a comma
// and a colon and before a closing bracket.
//
// Thread: used once, by one thread.
#pragma once

#include <vector>

#include "engine/embedded/grammar/json_schema.hpp"
#include "engine/embedded/grammar/lexical_rules.hpp"

namespace troupe::engine {

class grammar_builder {
 public:
  using node_id = byte_automaton::node_id;

  grammar_builder(byte_automaton& automaton, const json_schema& schema, bool any_white_space)
      : automaton_{automaton},
        words_{automaton, any_white_space},
        schema_{schema},
        any_white_space_{any_white_space} {}

  // Builds everything and returns where a text starts.
  node_id build();

 private:
  void build_shared(schema_id any);
  node_id build_node(const schema_node& node);
  node_id build_object(const schema_node& node);
  node_id build_array(const schema_node& node);
  node_id build_literals(const schema_node& node);
  node_id member(const std::string& key, node_id value, node_id next);
  node_id after_key(node_id value, node_id next);
  node_id comma(node_id next);
  node_id either(node_id a, node_id b);
  void alias(node_id reserved, node_id target);

  byte_automaton& automaton_;
  lexical_rules words_;
  const json_schema& schema_;
  bool any_white_space_;
  node_id any_ = 0, string_ = 0, number_ = 0, integer_ = 0;  // shared parts
  std::vector<node_id> entries_;                             // of the schema's nodes
};

}  // namespace troupe::engine
