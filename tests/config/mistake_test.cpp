#include "config/mistake.hpp"

#include <gtest/gtest.h>

namespace troupe::config {
namespace {

TEST(mistake, is_written_as_compilers_do) {
  EXPECT_EQ(to_string(mistake{"a.yaml", 4, 7, "x is wrong"}), "a.yaml:4:7: x is wrong");
}

TEST(mistake, lists_come_in_the_order_of_the_file_without_repetition) {
  mistake_list list{"f"};
  EXPECT_TRUE(list.empty());
  list.add({3, 1}, "c");
  list.add({1, 9}, "b");
  list.add({1, 2}, "a");
  list.add({3, 1}, "c");
  const std::vector<mistake> expected{{"f", 1, 2, "a"}, {"f", 1, 9, "b"}, {"f", 3, 1, "c"}};
  EXPECT_EQ(list.take(), expected);
  EXPECT_TRUE(list.empty());
}

TEST(mistake, lists_are_bounded_and_say_what_is_left_out) {
  mistake_list list{"f"};
  for (int i = 0; i < 600; ++i) list.add({i + 1, 1}, "x");
  const auto all = list.take();
  ASSERT_EQ(all.size(), mistake_list::mistakes_max + 1);
  EXPECT_EQ(all.back().text, "and 100 more mistakes, not shown");
}

TEST(mistake, quotes_are_cut_and_printable) {
  EXPECT_EQ(quote("a\nb\x1b[31m\x7f"), "'a?b?[31m?'");
  EXPECT_EQ(quote(std::string(100, 'y')), "'" + std::string(60, 'y') + "...'");
}

struct closest_case {
  const char* word;
  const char* meant;
};

TEST(mistake, finds_the_word_that_was_meant) {
  const std::vector<std::string_view> words{"endpoint",     "listen",  "kv",
                                            "served_model", "threads", "model"};
  const closest_case cases[] = {
      {"endpont", "endpoint"},
      {"Listen", "listen"},
      {"kv_bytes", "kv"},
      {"served-model", "served_model"},
      {"thread", "threads"},
      {"mdoel", "model"},
      {"xyz", ""},
      {"", ""},
      {"kind", ""},
  };
  for (const closest_case& c : cases) EXPECT_EQ(closest(c.word, words), c.meant) << c.word;
  EXPECT_EQ(closest(std::string(5000, 'k'), words), "");
}

}  // namespace
}  // namespace troupe::config
