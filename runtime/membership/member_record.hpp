// What nodes know of each other: who a node is, and in what state the cluster holds it.
//
// Of two records of one name the one that supersedes the other wins, whatever the order they come
// in. Nothing of a lower incarnation supersedes a higher one, and of one incarnation `down` and
// `left` are final.
//
// Bounds: member_limits.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct member_limits {
  static constexpr std::size_t name_bytes_max = 64;
  static constexpr std::size_t endpoint_bytes_max = 128;
  static constexpr std::size_t labels_max = 8;
  static constexpr std::size_t roles_max = 8;
  static constexpr std::size_t word_bytes_max = 64;  // the key or value of a label, a role
  static constexpr std::size_t members_max = 1'024;  // of a table, the ended ones included
  static constexpr std::uint16_t weight_max = 1'000;
};

// One life of a node. REQUIRES: no two lives of a name have the same incarnation, and later ones
// have higher ones.
struct node_id {
  std::string name;
  std::uint64_t incarnation = 0;

  auto operator<=>(const node_id&) const = default;
};

// What a node says of itself; it stays the same for an incarnation.
struct node_description {
  node_id id;
  std::string endpoint;  // where its messages go
  std::map<std::string, std::string> labels;
  std::vector<std::string> roles;
  std::uint16_t protocol = 1;
  std::uint16_t weight = 1;  // its share of placed actors, beside the weights of the others

  bool operator==(const node_description&) const = default;
};

// In the order in which they supersede each other within one refutation.
enum class member_state : std::uint8_t { up, suspect, down, left };

struct member_record {
  node_description node;
  member_state state = member_state::up;
  std::uint64_t refutation = 0;  // raised by the node itself, each time it is suspected
  std::string accuser;           // with `suspect`: the name of a node that found it silent
  bool leaving = false;          // it says that it will leave: it lives, and is given nothing new

  bool operator==(const member_record&) const = default;
};

// Tells whether an incarnation of this state has ended.
constexpr bool ended(member_state state) {
  return state == member_state::down || state == member_state::left;
}

// Tells whether `newer` says more than `older`, which is of the same name.
bool supersedes(const member_record& newer, const member_record& older);

// Returns what a record breaks, empty if it is within the bounds.
std::string_view flaw(const member_record& record);

}  // namespace troupe
