#include "config/yaml_tree.hpp"

#include <istream>
#include <map>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace troupe::config {

namespace {

position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

// Leaves the parser in mid-document: a limit is reached, and reading on is what it forbids.
struct limit_reached {
  position at;
  std::string text;
};

// Turns the parser's events into nodes.
class tree_builder : public YAML::EventHandler {
 public:
  tree_builder(const yaml_limits& limits, mistake_list& mistakes)
      : limits_{limits}, mistakes_{mistakes} {}

  yaml_ptr root() const { return root_; }

  // Where the innermost list or map begins that has not ended.
  std::optional<position> innermost_open() const {
    if (open_.empty()) return std::nullopt;
    return open_.back().node->at;
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add_leaf(yaml_kind::null, mark, anchor, {});
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    add_leaf(yaml_kind::scalar, mark, anchor, value);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {  // still open: the alias is inside the node it names
      throw limit_reached{position_of(mark), "an alias cannot be inside the node that it names"};
    }
    // Where the alias stands is what the reader of a message looks for, so a leaf moves there.
    if (found->second->entries.empty() && found->second->items.empty()) {
      auto copy = std::make_shared<yaml_node>(*found->second);
      copy->at = position_of(mark);
      attach(std::move(copy), position_of(mark));
    } else {
      attach(found->second, position_of(mark));
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(yaml_kind::sequence, mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(yaml_kind::map, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct open_node {
    std::shared_ptr<yaml_node> node;
    YAML::anchor_t anchor;
    std::map<std::string, position> keys;  // of a map: where each was first written
    bool value_is_next = false;
    bool value_is_dropped = false;
  };

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    if (tag.starts_with("tag:yaml.org,2002:")) return;
    mistakes_.add(position_of(mark), "the YAML tag " + quote(tag) + " is not supported; remove it");
  }

  void add_leaf(yaml_kind kind, const YAML::Mark& mark, YAML::anchor_t anchor,
                const std::string& text) {
    auto node = std::make_shared<yaml_node>();
    node->kind = kind;
    node->at = position_of(mark);
    node->text = text;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    attach(std::move(node), position_of(mark));
  }

  void open(yaml_kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= limits_.depth_max) {
      throw limit_reached{position_of(mark), "the file nests deeper than " +
                                                 std::to_string(limits_.depth_max) + " levels"};
    }
    auto node = std::make_shared<yaml_node>();
    node->kind = kind;
    node->at = position_of(mark);
    open_.push_back({std::move(node), anchor, {}});
  }

  void close() {
    open_node done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != YAML::NullAnchor) anchors_[done.anchor] = done.node;
    const position at = done.node->at;
    attach(std::move(done.node), at);
  }

  void attach(yaml_ptr node, position at) {
    total_ += node->kind == yaml_kind::sequence || node->kind == yaml_kind::map ? 1 : node->weight;
    if (!open_.empty()) open_.back().node->weight += node->weight;
    if (total_ > limits_.nodes_max ||
        (!open_.empty() && open_.back().node->weight > limits_.nodes_max)) {
      throw limit_reached{at, "the file holds more than " + std::to_string(limits_.nodes_max) +
                                  " values, aliases unfolded"};
    }
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().node->kind == yaml_kind::sequence) {
      open_.back().node->items.push_back(std::move(node));
    } else {
      attach_to_map(open_.back(), std::move(node), at);
    }
  }

  void attach_to_map(open_node& map, yaml_ptr node, position at) {
    if (map.value_is_next) {
      map.value_is_next = false;
      if (!map.value_is_dropped) map.node->entries.back().value = std::move(node);
      return;
    }
    map.value_is_next = true;
    map.value_is_dropped = true;
    if (node->kind != yaml_kind::scalar) {
      mistakes_.add(at, "a key must be a plain word");
      return;
    }
    const auto [first, is_new] = map.keys.emplace(node->text, at);
    if (!is_new) {
      mistakes_.add(at, "the key " + quote(node->text) + " is here twice; it is first at line " +
                            std::to_string(first->second.line) + ", column " +
                            std::to_string(first->second.column));
      return;
    }
    map.value_is_dropped = false;
    map.node->entries.push_back({node->text, at, nullptr});
  }

  const yaml_limits& limits_;
  mistake_list& mistakes_;
  std::vector<open_node> open_;
  std::unordered_map<YAML::anchor_t, yaml_ptr> anchors_;
  yaml_ptr root_;
  std::size_t total_ = 0;
};

// Lets a stream read a string_view in place.
class view_buffer : public std::streambuf {
 public:
  explicit view_buffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

std::string_view to_string(yaml_kind kind) {
  switch (kind) {
    case yaml_kind::null:
      return "nothing";
    case yaml_kind::scalar:
      return "a single value";
    case yaml_kind::sequence:
      return "a list";
    case yaml_kind::map:
      return "a map";
  }
  return "nothing";
}

yaml_ptr parse_yaml(std::string_view text, const yaml_limits& limits, mistake_list& mistakes) {
  if (text.size() > limits.file_bytes_max) {
    mistakes.add({}, "the file is larger than " + std::to_string(limits.file_bytes_max) + " bytes");
    return nullptr;
  }
  if (text.find('\0') != std::string_view::npos) {
    mistakes.add({}, "the file holds a zero byte; it must be text in UTF-8");
    return nullptr;
  }
  // yaml-cpp 0.7 misses an open quote where a line break comes right before the end.
  const auto last = text.find_last_not_of("\r\n");
  view_buffer buffer{text.substr(0, last == std::string_view::npos ? 0 : last + 1)};
  std::istream stream{&buffer};
  tree_builder builder{limits, mistakes};
  try {
    YAML::Parser parser{stream};
    parser.HandleNextDocument(builder);
    tree_builder rest{limits, mistakes};
    if (builder.root() && parser.HandleNextDocument(rest) && rest.root()) {
      mistakes.add(rest.root()->at, "the file holds a second YAML document; only one is read");
    }
  } catch (const limit_reached& limit) {
    mistakes.add(limit.at, limit.text);
    return nullptr;
  } catch (const YAML::Exception& e) {
    // Of a list or map without an end, its beginning is the place to look at.
    const auto open = e.msg.starts_with("end of") ? builder.innermost_open() : std::nullopt;
    mistakes.add(open.value_or(position_of(e.mark)), "this is not valid YAML: " + e.msg);
    return nullptr;
  }
  return builder.root();
}

}  // namespace troupe::config
