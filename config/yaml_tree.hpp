// A YAML document as a plain tree that remembers where everything was written.
//
// The only file that knows yaml-cpp is yaml_tree.cpp; its exceptions end there.
//
// Bounds: yaml_limits. Aliases share the node they name, and count as often as they are used, so a
// small file cannot unfold into a large tree.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/mistake.hpp"

namespace troupe::config {

struct yaml_limits {
  std::size_t file_bytes_max = 1024 * 1024;
  std::size_t depth_max = 32;
  std::size_t nodes_max = 100'000;  // aliases unfolded
};

struct yaml_node;
using yaml_ptr = std::shared_ptr<const yaml_node>;

struct yaml_entry {
  std::string key;
  position at;
  yaml_ptr value;
};

enum class yaml_kind { null, scalar, sequence, map };

// Says what a kind is in words for a sentence: `a list`.
std::string_view to_string(yaml_kind kind);

struct yaml_node {
  yaml_kind kind = yaml_kind::null;
  position at;
  std::string text;                 // scalar
  std::vector<yaml_ptr> items;      // sequence
  std::vector<yaml_entry> entries;  // map, in the order of the file; keys are unique
  std::size_t weight = 1;           // nodes in here, aliases unfolded
};

// Parses the only document in `text`; null where it is empty or broken, with the mistakes added.
yaml_ptr parse_yaml(std::string_view text, const yaml_limits& limits, mistake_list& mistakes);

}  // namespace troupe::config
