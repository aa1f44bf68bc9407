#include "transport/links/message_catalogue.hpp"

#include <gtest/gtest.h>

#include "tests/transport/links/wire_values.hpp"

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::every_form)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::small_fields)

namespace troupe::transport {
namespace {

message_catalogue sample() {
  message_catalogue kinds;
  kinds.add<>("()");
  kinds.add<caf::error>("error");
  kinds.add<every_form>("every_form");
  kinds.add<small_fields, caf::atom_value, std::string>("small_fields,atom,string");
  kinds.add<std::string>("string");
  kinds.add<std::string, std::string>("string,string");
  return kinds;
}

wire_form form_of(const message_catalogue& kinds, const caf::message& message) {
  numbered_handles handles;
  wire_form form;
  wire_writer out{form.bytes, form.blobs, handles};
  kinds.write(kinds.find(message).value(), message, out);
  return form;
}

caf::mailbox_element_ptr element_of(const message_catalogue& kinds, std::uint16_t kind,
                                    const wire_form& form) {
  numbered_handles handles;
  wire_reader in{form.bytes, form.blobs, handles};
  return kinds.read(kind, nullptr, caf::make_message_id(7), in);
}

TEST(message_catalogue, finds_a_message_by_the_types_of_its_elements) {
  const auto kinds = sample();
  const auto number = [&](const caf::message& m) { return kinds.find(m); };
  EXPECT_EQ(number(caf::make_message()), 0);
  EXPECT_EQ(number(caf::make_message(make_error(errc::timeout))), 1);
  EXPECT_EQ(number(caf::make_message(every_form{})), 2);
  EXPECT_EQ(number(caf::make_message(small_fields{}, caf::atom("x"), "text")), 3);
  EXPECT_EQ(number(caf::make_message("text")), 4);
  EXPECT_EQ(number(caf::make_message("text", "text")), 5);
  EXPECT_EQ(number(caf::make_message("text", "text", "text")), std::nullopt);
  EXPECT_EQ(number(caf::make_message(small_fields{})), std::nullopt);
  EXPECT_EQ(number(caf::make_message(7)), std::nullopt);
}

TEST(message_catalogue, finds_what_a_mailbox_element_holds) {
  const auto kinds = sample();
  const auto element = caf::make_mailbox_element(
      nullptr, caf::make_message_id(), {}, small_fields{}, caf::atom("x"), std::string{"text"});
  EXPECT_EQ(kinds.find(element->content()), 3);
}

TEST(message_catalogue, finds_each_of_many_kinds) {
  message_catalogue kinds;
  [&]<std::size_t... Is>(std::index_sequence<Is...>) {
    (kinds.add<std::array<char, Is + 1>>(std::to_string(Is)), ...);
    const std::vector<caf::mailbox_element_ptr> elements = [] {
      std::vector<caf::mailbox_element_ptr> made;
      (made.push_back(caf::make_mailbox_element(nullptr, caf::make_message_id(), {},
                                                std::array<char, Is + 1>{})),
       ...);
      return made;
    }();
    for (std::size_t i = 0; i < elements.size(); ++i) {
      EXPECT_EQ(kinds.find(elements[i]->content()), i);
    }
  }
  (std::make_index_sequence<100>{});
}

TEST(message_catalogue, a_message_read_is_the_one_written) {
  const auto kinds = sample();
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    value_maker chance{seed};
    const auto every = chance.every();
    const auto small = chance.small();
    const auto one = element_of(kinds, 2, form_of(kinds, caf::make_message(every)));
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(one->content().get_as<every_form>(0), every);
    EXPECT_EQ(one->mid, caf::make_message_id(7));
    const auto three =
        element_of(kinds, 3, form_of(kinds, caf::make_message(small, caf::atom("up"), "text")));
    ASSERT_NE(three, nullptr);
    const auto message = three->copy_content_to_message();
    EXPECT_EQ(message.get_as<small_fields>(0), small);
    EXPECT_EQ(message.get_as<caf::atom_value>(1), caf::atom("up"));
    EXPECT_EQ(message.get_as<std::string>(2), "text");
  }
}

TEST(message_catalogue, the_empty_message_and_errors_travel) {
  const auto kinds = sample();
  const auto empty = element_of(kinds, 0, form_of(kinds, caf::make_message()));
  ASSERT_NE(empty, nullptr);
  EXPECT_TRUE(empty->content().empty());
  const auto error = make_failure(errc::timeout, "late");
  const auto answer = element_of(kinds, 1, form_of(kinds, caf::make_message(error)));
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->content().get_as<caf::error>(0), error);
}

TEST(message_catalogue, bytes_of_another_kind_or_too_many_are_refused) {
  const auto kinds = sample();
  const auto form = form_of(kinds, caf::make_message("text", "text"));
  EXPECT_EQ(element_of(kinds, 4, form), nullptr);
  EXPECT_EQ(element_of(kinds, 0, form), nullptr);
  EXPECT_EQ(element_of(kinds, 6, form), nullptr);
  EXPECT_NE(element_of(kinds, 5, form), nullptr);
}

TEST(message_catalogue, the_hash_tells_names_and_their_order_apart) {
  const auto hash = [](const char* first, const char* second) {
    message_catalogue kinds;
    kinds.add<std::string>(first);
    kinds.add<double>(second);
    return kinds.hash();
  };
  EXPECT_EQ(hash("a", "b"), hash("a", "b"));
  EXPECT_NE(hash("a", "b"), hash("b", "a"));
  EXPECT_NE(hash("a", "b"), hash("a", "c"));
  EXPECT_NE(hash("ab", ""), hash("a", "b"));
  EXPECT_NE(message_catalogue{}.hash(), hash("", ""));
}

TEST(message_catalogue, the_hash_tells_what_elements_consist_of) {
  const auto hash = []<class T>(const T&) {
    message_catalogue kinds;
    kinds.add<T>("name");
    return kinds.hash();
  };
  EXPECT_NE(hash(std::uint32_t{}), hash(std::int32_t{}));
  EXPECT_NE(hash(std::uint32_t{}), hash(float{}));
  EXPECT_NE(hash(std::pair<bool, std::string>{}), hash(std::pair<std::string, bool>{}));
  EXPECT_NE(hash(small_fields{}), hash(nothing_said{}));
}

TEST(wire_shape, says_what_a_value_consists_of) {
  EXPECT_EQ((wire_shape::of<>()), "()");
  EXPECT_EQ((wire_shape::of<bool, colour, double>()), "(b u2 f8 )");
  EXPECT_EQ((wire_shape::of<std::vector<std::string>>()), "([t ])");
  EXPECT_EQ((wire_shape::of<std::map<int, nothing_said>>()), "(<i4 {}>)");
  EXPECT_EQ((wire_shape::of<std::optional<std::array<char, 3>>>()), "(?3*i1 )");
  EXPECT_EQ((wire_shape::of<caf::actor, caf::strong_actor_ptr>()), "(a a )");
  EXPECT_EQ((wire_shape::of<small_fields>()), "({u1 i2 u4 i8 f4 f8 b u2 3*u2 i8 })");
}

TEST(message_catalogue_death, a_kind_is_added_once) {
  auto kinds = sample();
  EXPECT_DEATH(kinds.add<std::string>("again"), "assertion failed");
}

}  // namespace
}  // namespace troupe::transport
