#include "engine/embedded/grammar/json_grammar.hpp"

#include <algorithm>

#include "engine/embedded/grammar/grammar_builder.hpp"

namespace troupe::engine {

namespace {

using kind = byte_automaton::kind;
using node_id = byte_automaton::node_id;
using stack = json_grammar::stack;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  auto x = (a ^ (b + 0x9E3779B97F4A7C15U + (a << 6) + (a >> 2))) * 0xBF58476D1CE4E5B9U;
  return x ^ (x >> 29);
}

std::uint32_t depth_of(const stack& s) {
  return s ? s->depth : 0;
}
std::uint64_t hash_of(const stack& s) {
  return s ? s->hash : 0;
}

stack push(node_id node, std::uint32_t count, stack below) {
  const auto hash = mix(mix(hash_of(below), node), count);
  const auto depth = depth_of(below) + 1;
  return std::make_shared<const json_grammar::frame>(
      json_grammar::frame{node, count, depth, hash, std::move(below)});
}

bool same(const stack& a, const stack& b) {
  const auto* x = a.get();
  const auto* y = b.get();
  while (x != y) {
    if (x == nullptr || y == nullptr || x->hash != y->hash || x->node != y->node ||
        x->count != y->count) {
      return false;
    }
    x = x->below.get();
    y = y->below.get();
  }
  return true;
}

}  // namespace

// Follows everything that consumes no byte, and keeps the places where a byte or the end is
// awaited.
class json_grammar::closure {
 public:
  closure(const byte_automaton& automaton, std::vector<thread>& out)
      : automaton_{automaton}, out_{out} {}

  // Adds a place and all that can be reached from it.
  void add(node_id node, const stack& frames) {
    visit(node, frames);
    while (!pending_.empty()) {
      const auto next = std::move(pending_.back());
      pending_.pop_back();
      follow(next);
    }
  }

 private:
  static constexpr std::size_t visits_max = 4096;

  void visit(node_id node, stack frames) {
    const auto height = automaton_.height(node);
    if (height == byte_automaton::endless || depth_of(frames) + height > frames_max) return;
    if (automaton_.at(node).what == kind::consume) return keep(node, std::move(frames));
    if (seen_.size() >= visits_max) return;
    for (const auto& t : seen_) {
      if (t.node == node && same(t.frames, frames)) return;
    }
    seen_.push_back({node, frames});
    pending_.push_back({node, std::move(frames)});
  }

  void keep(node_id node, stack frames) {
    if (out_.size() >= threads_max) return;
    for (const auto& t : out_) {
      if (t.node == node && same(t.frames, frames)) return;
    }
    out_.push_back({node, std::move(frames)});
  }

  void follow(const thread& t) {
    const auto& node = automaton_.at(t.node);
    if (node.what == kind::branch) {
      const auto targets = automaton_.targets(node);
      // Last in, first out: the schema's first alternative is followed first.
      for (auto i = targets.size(); i-- > 0;) visit(targets[i], t.frames);
    } else if (node.what == kind::call) {
      visit(node.a, push(t.node, 0, t.frames));
    } else if (node.what == kind::repeat) {
      repeat(t.node, 0, t.frames);
    } else if (!t.frames) {
      keep(t.node, nullptr);  // the end of the text
    } else if (automaton_.at(t.frames->node).what == kind::call) {
      visit(automaton_.at(t.frames->node).b, t.frames->below);
    } else {
      repeat(t.frames->node, t.frames->count + 1, t.frames->below);
    }
  }

  // Without a maximum, a count over the minimum says nothing more: states stay few.
  void repeat(node_id id, std::uint32_t count, const stack& frames) {
    const auto& node = automaton_.at(id);
    const bool is_endless = node.count_max == byte_automaton::endless;
    if (is_endless) count = std::min(count, node.count_min);
    if (count >= node.count_min) visit(node.b, frames);
    const bool has_room = depth_of(frames) + automaton_.height(node.b) <= frames_max &&
                          automaton_.height(node.b) != byte_automaton::endless;
    if (has_room && (is_endless || count < node.count_max)) visit(node.a, push(id, count, frames));
  }

  const byte_automaton& automaton_;
  std::vector<thread>& out_;
  std::vector<thread> pending_, seen_;
};

std::uint64_t json_grammar::state::hash() const {
  std::uint64_t hash = threads_.size();
  for (const auto& t : threads_) hash = mix(mix(hash, t.node), hash_of(t.frames));
  return hash;
}

bool json_grammar::state::operator==(const state& other) const {
  return std::equal(threads_.begin(), threads_.end(), other.threads_.begin(), other.threads_.end(),
                    [](const thread& a, const thread& b) {
                      return a.node == b.node && same(a.frames, b.frames);
                    });
}

caf::expected<json_grammar> json_grammar::compile(const json_schema& schema, white_space spaces) {
  auto automaton = std::make_shared<byte_automaton>();
  const auto start = grammar_builder{*automaton, schema, spaces == white_space::any}.build();
  if (automaton->is_full()) {
    return make_failure(errc::invalid_request, "the JSON schema's grammar has over " +
                                                   std::to_string(byte_automaton::nodes_max) +
                                                   " nodes");
  }
  automaton->finish();
  json_grammar grammar;
  closure{*automaton, grammar.start_.threads_}.add(start, nullptr);
  grammar.automaton_ = std::move(automaton);
  if (grammar.start_.threads_.empty()) {
    return make_failure(errc::invalid_request,
                        "no JSON text of bounded depth satisfies the JSON schema");
  }
  return grammar;
}

bool json_grammar::advance(state& s, std::uint8_t byte) const {
  std::vector<thread> next;
  closure reached{*automaton_, next};
  for (const auto& t : s.threads_) {
    const auto& node = automaton_->at(t.node);
    if (node.what != kind::consume) continue;
    for (const auto& e : automaton_->edges(node)) {
      if (e.first <= byte && byte <= e.last) reached.add(e.target, t.frames);
    }
  }
  if (next.empty()) return false;
  s.threads_ = std::move(next);
  return true;
}

bool json_grammar::may_end(const state& s) const {
  return std::any_of(s.threads_.begin(), s.threads_.end(),
                     [&](const thread& t) { return automaton_->at(t.node).what == kind::leave; });
}

bool json_grammar::may_continue(const state& s) const {
  return std::any_of(s.threads_.begin(), s.threads_.end(),
                     [&](const thread& t) { return automaton_->at(t.node).what == kind::consume; });
}

}  // namespace troupe::engine
