// lexical_rules::other_key: a trie of the names laid over the automaton of all strings.
#include <algorithm>
#include <map>

#include "engine/embedded/grammar/lexical_rules.hpp"

namespace troupe::engine {

namespace {

using edge = byte_automaton::edge;
using node_id = byte_automaton::node_id;

struct key_node {
  std::map<std::uint8_t, std::size_t> children;
  node_id anywhere;  // where a string that is no prefix of a name would be after the same bytes
  bool is_name = false;
  node_id built = byte_automaton::leave();
};

std::vector<edge> edges_of(const byte_automaton& automaton, node_id id) {
  const auto edges = automaton.edges(automaton.at(id));
  return {edges.begin(), edges.end()};
}

// Parents come before their children.
std::vector<key_node> key_trie(const byte_automaton& automaton,
                               const std::vector<std::string>& names, node_id string_body) {
  std::vector<key_node> trie{{{}, string_body}};
  for (const auto& name : names) {
    const auto needs_escape = [](char c) {
      return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
    };
    // Such a name is written with an escape, which other keys do not have where it matters.
    if (std::any_of(name.begin(), name.end(), needs_escape)) continue;
    std::size_t at = 0;
    std::string_view left{name};
    while (!left.empty()) {
      const auto byte = static_cast<std::uint8_t>(left.front());
      auto found = trie[at].children.find(byte);
      if (found == trie[at].children.end()) {
        const auto edges = edges_of(automaton, trie[at].anywhere);
        const auto same = std::find_if(edges.begin(), edges.end(), [&](const edge& e) {
          return e.first <= byte && byte <= e.last;
        });
        if (same == edges.end()) break;  // no UTF-8: no key can spell it
        found = trie[at].children.emplace(byte, trie.size()).first;
        trie.push_back({{}, same->target});
      }
      at = found->second;
      left = left.substr(1);
    }
    if (left.empty()) trie[at].is_name = true;
  }
  return trie;
}

}  // namespace

node_id lexical_rules::other_key(const std::vector<std::string>& names, node_id next) {
  const auto body = string_body(next);
  auto trie = key_trie(automaton_, names, body);
  for (auto i = trie.size(); i-- > 0 && !automaton_.is_full();) {
    auto& node = trie[i];
    std::vector<edge> edges;
    for (const auto& [byte, child] : node.children) {
      edges.push_back({byte, byte, trie[child].built});
    }
    for (const auto& e : edges_of(automaton_, node.anywhere)) {
      if (e.first == '\\' || (e.first == '"' && node.is_name)) continue;
      unsigned from = e.first;  // the parts of the edge between the children's bytes
      for (const auto& [byte, child] : node.children) {
        if (byte < from || byte > e.last) continue;
        if (byte > from) {
          edges.push_back(
              {static_cast<std::uint8_t>(from), static_cast<std::uint8_t>(byte - 1), e.target});
        }
        from = byte + 1U;
      }
      if (from <= e.last) edges.push_back({static_cast<std::uint8_t>(from), e.last, e.target});
    }
    node.built = automaton_.consume(edges);
  }
  return automaton_.consume('"', '"', trie.front().built);
}

}  // namespace troupe::engine
