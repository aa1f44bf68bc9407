// A recursive transition network over bytes: what a grammar is compiled to.
//
// A node consumes a byte, branches, calls another part of the network and comes back, repeats a
// part a counted number of times, or leaves to its caller. Counts and return places live on the
// stack of whoever walks it (json_grammar), so a string of up to 10,000 characters is one node.
//
// heights() tells how much stack a walk needs at least to get from a node to its end. A walker that
// never enters a node without that much room left cannot run into a dead end, however deep the
// grammar recurses; a node that can never end has no finite height and is never entered.
//
// Thread: immutable after finish.
// Bounds: nodes_max nodes; building more sets is_full() and keeps what exists.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace troupe::engine {

class byte_automaton {
 public:
  using node_id = std::uint32_t;
  static constexpr std::size_t nodes_max = 400'000;
  static constexpr std::uint32_t endless = std::numeric_limits<std::uint32_t>::max();

  enum class kind : std::uint8_t { consume, branch, call, repeat, leave };

  struct edge {
    std::uint8_t first, last;  // bytes, both included
    node_id target;
  };

  struct repetition {
    node_id body, next;
    std::uint32_t count_min, count_max;  // endless: no maximum
  };

  struct node {
    kind what = kind::consume;
    std::uint32_t a = 0, b = 0;  // consume, branch: first and count; call: entry, return; repeat
    std::uint32_t count_min = 0, count_max = 0;
  };

  byte_automaton();

  // building: from the end to the start, so that targets exist
  node_id reserve();
  void define_consume(node_id id, std::span<const edge> edges);
  void define_branch(node_id id, std::span<const node_id> targets);
  node_id consume(std::span<const edge> edges);
  node_id consume(std::uint8_t first, std::uint8_t last, node_id target);
  node_id branch(std::span<const node_id> targets);
  node_id call(node_id entry, node_id next);
  node_id repeat(const repetition& r);
  node_id literal(std::string_view bytes, node_id next);
  static constexpr node_id leave() { return 0; }
  bool is_full() const { return nodes_.size() >= nodes_max; }

  // Computes the heights; building ends here.
  void finish();

  // reading
  const node& at(node_id id) const { return nodes_[id]; }
  std::span<const edge> edges(const node& n) const { return std::span{edges_}.subspan(n.a, n.b); }
  std::span<const node_id> targets(const node& n) const {
    return std::span{targets_}.subspan(n.a, n.b);
  }
  // Returns the frames needed to get from a node to its end; endless where there is no end.
  std::uint32_t height(node_id id) const { return heights_[id]; }
  std::size_t size() const { return nodes_.size(); }

 private:
  std::uint32_t height_now(const node& n) const;

  std::vector<node> nodes_;
  std::vector<edge> edges_;
  std::vector<node_id> targets_;
  std::vector<std::uint32_t> heights_;
};

}  // namespace troupe::engine
