#include "runtime/membership/member_record.hpp"

#include <algorithm>
#include <tuple>

namespace troupe {

namespace {

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= member_limits::name_bytes_max &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_word(const std::string& text) {
  return text.size() <= member_limits::word_bytes_max;
}

// Final states come before refutations: no refutation brings back what has ended.
auto rank(const member_record& r) {
  const auto last_words = ended(r.state) ? 0 : r.refutation;
  return std::tuple{r.node.id.incarnation, ended(r.state), last_words, r.state};
}

}  // namespace

bool supersedes(const member_record& newer, const member_record& older) {
  return rank(newer) > rank(older);
}

std::string_view flaw(const member_record& record) {
  const auto& node = record.node;
  if (!is_name(node.id.name)) return "a name is empty, too long or not printable";
  if (node.endpoint.empty() || node.endpoint.size() > member_limits::endpoint_bytes_max) {
    return "an endpoint is empty or too long";
  }
  if (node.labels.size() > member_limits::labels_max) return "a node has too many labels";
  if (node.roles.size() > member_limits::roles_max) return "a node has too many roles";
  const bool short_labels = std::ranges::all_of(node.labels, [](const auto& label) {
    return !label.first.empty() && is_word(label.first) && is_word(label.second);
  });
  if (!short_labels) return "a label is empty or too long";
  if (!std::ranges::all_of(node.roles, is_word)) return "a role is too long";
  if (node.weight == 0 || node.weight > member_limits::weight_max) {
    return "a weight is not within 1 to 1000";
  }
  if (record.state > member_state::left) return "an unknown state";
  if (!record.accuser.empty() && !is_name(record.accuser)) return "an accuser is no name";
  return {};
}

}  // namespace troupe
