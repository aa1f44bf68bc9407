#include "engine/embedded/grammar/grammar_builder.hpp"

#include <algorithm>
#include <array>

namespace troupe::engine {

namespace {

using node_id = byte_automaton::node_id;

constexpr auto leave = byte_automaton::leave();

std::uint32_t less(std::uint32_t count, std::size_t by) {
  if (count == no_limit) return byte_automaton::endless;
  return count > by ? count - static_cast<std::uint32_t>(by) : 0;
}

std::string quoted(const std::string& name) {
  return nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

node_id grammar_builder::build() {
  const auto count = schema_.nodes().size();
  for (std::size_t i = 0; i < count; ++i) entries_.push_back(automaton_.reserve());
  any_ = automaton_.reserve();
  entries_.push_back(any_);
  build_shared(static_cast<schema_id>(count));
  entries_.pop_back();
  for (std::size_t i = 0; i < entries_.size() && !automaton_.is_full(); ++i) {
    alias(entries_[i], build_node(schema_.nodes()[i]));
  }
  return entries_.front();
}

void grammar_builder::alias(node_id reserved, node_id target) {
  automaton_.define_branch(reserved, {&target, 1});
}

node_id grammar_builder::either(node_id a, node_id b) {
  const std::array both{a, b};
  return automaton_.branch(both);
}

// `any` is the number under which the entries know the schema of every value.
void grammar_builder::build_shared(schema_id any) {
  string_ = words_.string(leave);
  number_ = words_.number(false, leave);
  integer_ = words_.integer({INT64_MIN, INT64_MAX}, leave);
  schema_node object;
  object.kind = schema_kind::object;
  object.additional = any;
  schema_node array;
  array.kind = schema_kind::array;
  array.items = any;
  const std::array values{string_,
                          number_,
                          automaton_.literal("true", leave),
                          automaton_.literal("false", leave),
                          automaton_.literal("null", leave),
                          build_object(object),
                          build_array(array)};
  automaton_.define_branch(any_, values);
}

node_id grammar_builder::build_node(const schema_node& node) {
  switch (node.kind) {
    case schema_kind::any:
      return any_;
    case schema_kind::null:
      return automaton_.literal("null", leave);
    case schema_kind::boolean:
      return either(automaton_.literal("true", leave), automaton_.literal("false", leave));
    case schema_kind::integer:
      if (node.minimum == INT64_MIN && node.maximum == INT64_MAX) return integer_;
      return words_.integer({node.minimum, node.maximum}, leave);
    case schema_kind::number:
      return node.non_negative ? words_.number(true, leave) : number_;
    case schema_kind::string:
      if (node.count_min == 0 && node.count_max == no_limit) return string_;
      return words_.counted_string(node.count_min, less(node.count_max, 0), leave);
    case schema_kind::array:
      return build_array(node);
    case schema_kind::object:
      return build_object(node);
    case schema_kind::literal:
      return build_literals(node);
    case schema_kind::choice:
      break;
  }
  std::vector<node_id> targets;
  for (const auto id : node.choices) targets.push_back(entries_[id]);
  return automaton_.branch(targets);
}

// A trie: thousands of values are still one place at a time.
node_id grammar_builder::build_literals(const schema_node& node) {
  struct open_node {
    std::vector<byte_automaton::edge> edges;
    bool is_end = false;
  };
  std::vector<open_node> path(1);
  std::string_view last;
  const auto closed = [&](const open_node& n) {
    if (n.edges.empty() && n.is_end) return leave;
    const auto more = automaton_.consume(n.edges);
    return n.is_end ? either(leave, more) : more;
  };
  const auto close_to = [&](std::size_t depth) {
    while (path.size() > depth + 1) {
      const auto target = closed(path.back());
      path.pop_back();
      const auto byte = static_cast<std::uint8_t>(last[path.size() - 1]);
      path.back().edges.push_back({byte, byte, target});
    }
  };
  auto texts = node.literals;
  std::sort(texts.begin(), texts.end());
  for (const auto& text : texts) {
    const auto shared = std::mismatch(text.begin(), text.end(), last.begin(), last.end()).first;
    close_to(static_cast<std::size_t>(shared - text.begin()));
    path.resize(text.size() + 1);
    path.back().is_end = true;
    last = text;
  }
  close_to(0);
  return closed(path.front());
}

node_id grammar_builder::after_key(node_id value, node_id next) {
  const auto colon = automaton_.consume(':', ':', words_.white_space(automaton_.call(value, next)));
  return any_white_space_ ? words_.white_space(colon) : colon;
}

node_id grammar_builder::comma(node_id next) {
  const auto comma = automaton_.consume(',', ',', words_.white_space(next));
  return any_white_space_ ? words_.white_space(comma) : comma;
}

node_id grammar_builder::member(const std::string& key, node_id value, node_id next) {
  return automaton_.literal(quoted(key), after_key(value, next));
}

// Two places before each property: `first`, where no member was written yet, and `rest`, where a
// comma comes before the next one.
node_id grammar_builder::build_object(const schema_node& node) {
  const auto close = automaton_.consume('}', '}', leave);
  auto first = close;
  auto rest = words_.white_space(close);
  if (node.additional != no_schema) {
    std::vector<std::string> names;
    for (const auto& p : node.properties) names.push_back(p.name);
    const auto again = automaton_.reserve();
    const auto value = after_key(entries_[node.additional], again);
    const auto pair = names.empty() ? words_.string(value) : words_.other_key(names, value);
    const std::array more{rest, comma(pair)};
    automaton_.define_branch(again, more);
    first = either(close, pair);
    rest = again;
  }
  for (auto p = node.properties.rbegin(); p != node.properties.rend(); ++p) {
    const auto written = member(p->name, entries_[p->value], rest);
    const auto next = comma(written);
    first = p->required ? written : either(written, first);
    rest = p->required ? next : either(next, rest);
  }
  return automaton_.consume('{', '{', words_.white_space(first));
}

node_id grammar_builder::build_array(const schema_node& node) {
  const auto close = automaton_.consume(']', ']', leave);
  const auto spaced_close = words_.white_space(close);
  const auto item = entries_[node.items];
  const auto fixed = std::min<std::size_t>(node.prefix.size(), node.count_max);
  const auto some = std::max<std::size_t>(fixed, 1);  // items before the repetition
  const auto further = comma(automaton_.call(item, leave));
  auto rest = automaton_.repeat(
      {further, spaced_close, less(node.count_min, some), less(node.count_max, some)});
  // From the last of the first items to the first one: `rest` is what follows item i.
  for (auto i = some; i-- > 0;) {
    const auto value = automaton_.call(i < fixed ? entries_[node.prefix[i]] : item, rest);
    rest = i == 0 ? value : comma(value);
    if (node.count_min <= i) rest = either(i == 0 ? close : spaced_close, rest);
  }
  if (node.count_max == 0) rest = node.count_min == 0 ? close : automaton_.branch({});
  return automaton_.consume('[', '[', words_.white_space(rest));
}

}  // namespace troupe::engine
