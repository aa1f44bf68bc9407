#include "engine/embedded/serve/tool_collector.hpp"

#include <utility>

namespace troupe::engine {

tool_collector::tool_collector(const tool_rules& rules, bool streams, std::string call_id_prefix)
    : rules_{rules},
      streams_{streams},
      parser_{{rules.syntax, std::move(call_id_prefix), rules.choice.name}} {}

tool_collector::pieces tool_collector::push(std::string_view text) {
  return take(parser_.push(text));
}

tool_collector::pieces tool_collector::finish() {
  return take(parser_.finish());
}

tool_collector::pieces tool_collector::take(std::vector<tool_piece> found) {
  pieces out;
  for (auto& piece : found) take(std::move(piece), out);
  return out;
}

void tool_collector::take(tool_piece piece, pieces& out) {
  using kind = tool_piece::kind;
  if (piece.what == kind::content) {
    // Around a forced call only what separates it from others stands.
    if (!is_forced()) out.content += piece.text;
    return;
  }
  if (!rules_.parallel && piece.index > 0) return;
  switch (piece.what) {
    case kind::call_start:
      calls_.push_back({piece.id, piece.text, {}});
      out.deltas.push_back({piece.index, std::move(piece.id), std::move(piece.text), {}});
      break;
    case kind::arguments:
      calls_.back().arguments += piece.text;
      if (out.deltas.empty() || out.deltas.back().index != piece.index) {
        out.deltas.push_back({piece.index, {}, {}, {}});
      }
      out.deltas.back().arguments += piece.text;
      break;
    case kind::broken:
      if (!is_forced()) break_off(std::move(piece.text), out);
      break;
    case kind::content:
      break;
  }
}

// A stream has told the call up to the end of its arguments; what follows them is content.
void tool_collector::break_off(std::string text, pieces& out) {
  const auto told = std::move(calls_.back().arguments);
  calls_.pop_back();
  if (streams_) text.erase(0, text.rfind(told) + told.size());
  out.content += text;
}

}  // namespace troupe::engine
