// Where a schema's references lead.
#include <algorithm>

#include "engine/embedded/grammar/schema_reader.hpp"

namespace troupe::engine {

const schema_reader::json* schema_reader::resolve(std::string_view pointer) {
  const json* at = &root_;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string step;
    for (std::size_t i = 0; i < end; ++i) {
      const bool escaped = pointer[i] == '~' && i + 1 < end;
      step += escaped ? (pointer[++i] == '1' ? '/' : '~') : pointer[i];
    }
    pointer.remove_prefix(end);
    if (at->is_object() && at->contains(step)) {
      at = &(*at)[step];
    } else if (at->is_array() && !step.empty() && step.size() < 6 &&
               step.find_first_not_of("0123456789") == std::string::npos &&
               std::stoul(step) < at->size()) {
      at = &(*at)[std::stoul(step)];
    } else {
      return nullptr;
    }
  }
  return at;
}

// A schema that only refers to itself constrains nothing and would be entered for ever.
void schema_reader::find_empty_cycles() {
  enum class mark : std::uint8_t { fresh, open, done };
  std::vector<mark> marks(nodes_.size(), mark::fresh);
  std::vector<schema_id> path;
  for (schema_id root = 0; root < nodes_.size(); ++root) {
    path.assign(1, root);
    while (!path.empty()) {
      const auto id = path.back();
      if (marks[id] != mark::fresh) {
        marks[id] = mark::done;
        path.pop_back();
        continue;
      }
      marks[id] = mark::open;
      for (const auto next : nodes_[id].choices) {
        if (marks[next] == mark::open) {
          failure_ = make_failure(errc::unsupported,
                                  "the JSON schema has a $ref that leads back to itself with "
                                  "nothing in between");
          return;
        }
        if (marks[next] == mark::fresh) path.push_back(next);
      }
    }
  }
}

}  // namespace troupe::engine
