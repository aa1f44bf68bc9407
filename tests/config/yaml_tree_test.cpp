#include "config/yaml_tree.hpp"

#include <gtest/gtest.h>

namespace troupe::config {
namespace {

// Parses and returns the mistakes as lines; the tree goes to `out` where it is wanted.
std::string mistakes_of(std::string_view text, const yaml_limits& limits = {},
                        yaml_ptr* out = nullptr) {
  mistake_list mistakes{"f"};
  yaml_ptr root = parse_yaml(text, limits, mistakes);
  if (out != nullptr) *out = root;
  std::string lines;
  for (const mistake& m : mistakes.take()) lines += to_string(m) + "\n";
  return lines;
}

TEST(yaml_tree, keeps_values_and_places) {
  yaml_ptr root;
  EXPECT_EQ(mistakes_of("a: 1\nb:\n  - x\n  - {c: \"d e\"}\nn:\n", {}, &root), "");
  ASSERT_TRUE(root);
  ASSERT_EQ(root->kind, yaml_kind::map);
  ASSERT_EQ(root->entries.size(), 3u);
  EXPECT_EQ(root->entries[0].value->text, "1");
  EXPECT_EQ(root->entries[0].value->at, (position{1, 4}));
  const yaml_node& list = *root->entries[1].value;
  ASSERT_EQ(list.kind, yaml_kind::sequence);
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[1]->entries[0].value->text, "d e");
  EXPECT_EQ(list.items[1]->entries[0].value->at, (position{4, 9}));
  EXPECT_EQ(root->entries[2].value->kind, yaml_kind::null);
  EXPECT_EQ(root->entries[2].at, (position{5, 1}));
}

TEST(yaml_tree, an_empty_text_is_no_tree_and_no_mistake) {
  for (const char* text : {"", "\n\n", "# only a comment\n"}) {
    yaml_ptr root;
    EXPECT_EQ(mistakes_of(text, {}, &root), "") << text;
    EXPECT_TRUE(root == nullptr || root->kind == yaml_kind::null) << text;
  }
}

TEST(yaml_tree, aliases_share_what_they_name) {
  yaml_ptr root;
  EXPECT_EQ(mistakes_of("a: &x {k: v}\nb: *x\nc: &y 5\nd: *y\n", {}, &root), "");
  ASSERT_EQ(root->entries.size(), 4u);
  EXPECT_EQ(root->entries[1].value.get(), root->entries[0].value.get());
  EXPECT_EQ(root->entries[3].value->text, "5");
  EXPECT_EQ(root->entries[3].value->at, (position{4, 4}));
}

struct broken_case {
  const char* text;
  const char* mistakes;
};

TEST(yaml_tree, reports_what_is_broken) {
  const broken_case cases[] = {
      {"a: 1\nb: 2\na: 3\na: 4\n",
       "f:3:1: the key 'a' is here twice; it is first at line 1, column 1\n"
       "f:4:1: the key 'a' is here twice; it is first at line 1, column 1\n"},
      {"a: !mine 1\n", "f:1:4: the YAML tag '!mine' is not supported; remove it\n"},
      {"[1]: 2\n", "f:1:1: a key must be a plain word\n"},
      {"a: 1\n---\nb: 2\n", "f:3:1: the file holds a second YAML document; only one is read\n"},
      {"a: &x [*x]\n", "f:1:8: an alias cannot be inside the node that it names\n"},
      {"a: *y\n", "f:1:4: this is not valid YAML: the referenced anchor is not defined\n"},
      {"a: [1\n", "f:1:4: this is not valid YAML: end of sequence flow not found\n"},
      {"a: 1\n\tb: 2\n", nullptr},
      {"a: \"x\n", "f:1:6: this is not valid YAML: illegal EOF in scalar\n"},
      {"a: 'x\nb: 1\n", nullptr},
      {"%YAML 9\n---\na: 1\n", nullptr},
  };
  for (const broken_case& c : cases) {
    const std::string found = mistakes_of(c.text);
    if (c.mistakes != nullptr) {
      EXPECT_EQ(found, c.mistakes) << c.text;
    } else {
      EXPECT_NE(found.find("this is not valid YAML"), std::string::npos)
          << c.text << "|" << found << "|";
    }
  }
}

TEST(yaml_tree, standard_tags_are_harmless) {
  EXPECT_EQ(mistakes_of("a: !!str 1\nb: !!int 2\nc: 'q'\n"), "");
}

TEST(yaml_tree, bounds_size_depth_and_zero_bytes) {
  yaml_limits limits;
  limits.file_bytes_max = 4;
  EXPECT_EQ(mistakes_of("a: 1", limits), "");
  EXPECT_EQ(mistakes_of("a: 12", limits), "f:1:1: the file is larger than 4 bytes\n");
  EXPECT_EQ(mistakes_of(std::string_view{"a: \0", 4}),
            "f:1:1: the file holds a zero byte; it must be text in UTF-8\n");
  EXPECT_EQ(mistakes_of(std::string(32, '[') + std::string(32, ']')), "");
  EXPECT_EQ(mistakes_of(std::string(33, '[') + std::string(33, ']')),
            "f:1:33: the file nests deeper than 32 levels\n");
  EXPECT_NE(mistakes_of(std::string(500'000, '[')), "");
}

TEST(yaml_tree, an_alias_bomb_is_refused_before_it_unfolds) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int n = 0; n < 9; ++n) text += ", " + before;
    text += "]\n";
  }
  EXPECT_NE(mistakes_of(text).find("more than 100000 values, aliases unfolded"), std::string::npos);
}

TEST(yaml_tree, a_file_cut_anywhere_is_read_or_reported) {
  const std::string whole =
      "troupe: 1\nnodes:\n  a: {x: [1, \"two\", &k {y: 'z'}], w: *k}\n  b: |\n    text\n";
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    yaml_ptr root;
    const std::string mistakes = mistakes_of(std::string_view{whole}.substr(0, n), {}, &root);
    EXPECT_TRUE(root != nullptr || !mistakes.empty() || n == 0) << n;
  }
}

}  // namespace
}  // namespace troupe::config
