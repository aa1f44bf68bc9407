#include "transport/links/wire.hpp"

#include <gtest/gtest.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "tests/transport/links/wire_values.hpp"

namespace troupe::transport {
namespace {

constexpr int seeds = 300;

enum class weekday : std::uint8_t { monday, tuesday };

constexpr weekday last_value(weekday) {
  return weekday::tuesday;
}

TEST(wire, every_value_reads_back_equal_and_writes_the_same_bytes) {
  numbered_handles handles;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto value = value_maker{static_cast<std::uint64_t>(seed)}.every();
    const auto form = written(value, handles);
    every_form back = value_maker{99}.every();  // what it held is replaced
    ASSERT_TRUE(read_whole(form, back, handles)) << "seed " << seed;
    EXPECT_EQ(back, value) << "seed " << seed;
    EXPECT_EQ(written(back, handles), form) << "seed " << seed;
  }
}

TEST(wire, every_truncation_is_refused) {
  numbered_handles handles;
  for (int seed = 0; seed < 20; ++seed) {
    const auto form = written(value_maker{static_cast<std::uint64_t>(seed)}.every(), handles);
    for (std::size_t size = 0; size < form.bytes.size(); ++size) {
      every_form back;
      EXPECT_FALSE(read_whole({form.bytes.substr(0, size), form.blobs}, back, handles))
          << "seed " << seed << " of " << size << " bytes";
    }
  }
}

TEST(wire, a_byte_left_over_is_refused) {
  numbered_handles handles;
  small_fields back;
  auto form = written(value_maker{1}.small(), handles);
  form.bytes += '\0';
  EXPECT_FALSE(read_whole(form, back, handles));
}

TEST(wire, a_blob_left_over_missing_or_of_another_size_is_refused) {
  numbered_handles handles;
  shared_bytes back;
  const auto form = written(shared_bytes{std::string(10'000, 'b')}, handles);
  ASSERT_EQ(form.blobs.size(), 1U);
  EXPECT_FALSE(read_whole({form.bytes, {}}, back, handles));
  EXPECT_FALSE(read_whole({form.bytes, {form.blobs[0], form.blobs[0]}}, back, handles));
  EXPECT_FALSE(read_whole({form.bytes, {shared_bytes{std::string(9'999, 'b')}}}, back, handles));
}

TEST(wire, flipped_bytes_are_refused_or_read_as_another_value_in_its_one_form) {
  numbered_handles handles;
  int refused = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    value_maker chance{static_cast<std::uint64_t>(seed)};
    auto form = written(chance.every(), handles);
    form.bytes[chance.below(form.bytes.size())] ^= static_cast<char>(1 + chance.below(255));
    every_form back;
    if (!read_whole(form, back, handles)) {
      ++refused;
      continue;
    }
    EXPECT_EQ(written(back, handles), form) << "seed " << seed;
  }
  EXPECT_GT(refused, 20);
  EXPECT_LT(refused, seeds - 20);
}

TEST(wire, large_bytes_travel_beside_the_message_without_a_copy) {
  numbered_handles handles;
  const shared_bytes large{std::string(wire_bounds::blob_bytes_min, 'x')};
  const auto form = written(large, handles);
  EXPECT_EQ(form.bytes.size(), 4U);
  shared_bytes back;
  ASSERT_TRUE(read_whole(form, back, handles));
  EXPECT_EQ(back.view().data(), large.view().data());

  const auto small =
      written(shared_bytes{std::string(wire_bounds::blob_bytes_min - 1, 'x')}, handles);
  EXPECT_TRUE(small.blobs.empty());
}

TEST(wire, large_texts_travel_beside_the_message_and_are_copied_once) {
  numbered_handles handles;
  std::string text(wire_bounds::text_bytes_min, 'x');
  text.back() = 'y';
  const auto form = written(text, handles);
  EXPECT_EQ(form.bytes.size(), 4U);
  ASSERT_EQ(form.blobs.size(), 1U);
  EXPECT_EQ(text, form.blobs[0].view()) << "kept";
  std::string back;
  ASSERT_TRUE(read_whole(form, back, handles));
  EXPECT_EQ(back, text);

  wire_form taken;
  const auto* const data = text.data();
  wire_writer{taken.bytes, taken.blobs, handles, wire_writer::texts::taken}(text);
  EXPECT_EQ(taken, form);
  EXPECT_EQ(taken.blobs[0].view().data(), data);

  const auto small = written(std::string(wire_bounds::text_bytes_min - 1, 'x'), handles);
  EXPECT_TRUE(small.blobs.empty());
}

TEST(wire, a_large_text_has_one_form) {
  numbered_handles handles;
  const std::string text(wire_bounds::text_bytes_min, 'x');
  auto within = written(static_cast<std::uint32_t>(text.size()), handles);
  within.bytes += text;
  std::string back;
  EXPECT_FALSE(read_whole(within, back, handles)) << "without its blob";
  auto other = written(text, handles);
  other.blobs = {shared_bytes{text + 'x'}};
  EXPECT_FALSE(read_whole(other, back, handles)) << "with one of another size";
}

TEST(wire, numbers_lie_little_endian_without_padding) {
  numbered_handles handles;
  EXPECT_EQ(written(std::tuple{std::uint8_t{1}, std::uint32_t{0x01020304}, true}, handles).bytes,
            std::string("\x01\x04\x03\x02\x01\x01", 6));
}

TEST(wire, a_count_beyond_the_bytes_at_hand_is_refused_before_anything_is_reserved) {
  numbered_handles handles;
  const auto form = written(0xffff'fff0U, handles);
  std::vector<std::uint64_t> numbers;
  EXPECT_FALSE(read_whole(form, numbers, handles));
  EXPECT_EQ(numbers.capacity(), 0U);
  std::vector<every_form> many;
  EXPECT_FALSE(read_whole(form, many, handles));
  EXPECT_EQ(many.capacity(), 0U);
  std::string text;
  EXPECT_FALSE(read_whole(form, text, handles));
}

TEST(wire, elements_of_no_bytes_are_bounded) {
  numbered_handles handles;
  constexpr std::uint32_t bound = wire_bounds::empty_elements_max;
  std::vector<nothing_said> back;
  EXPECT_TRUE(read_whole(written(bound, handles), back, handles));
  EXPECT_EQ(back.size(), bound);
  EXPECT_FALSE(read_whole(written(bound + 1, handles), back, handles));
}

TEST(wire, keys_out_of_order_or_twice_are_refused) {
  numbered_handles handles;
  std::set<std::uint32_t> back;
  const auto listed = [&](std::vector<std::uint32_t> keys) { return written(keys, handles); };
  EXPECT_TRUE(read_whole(listed({1, 2}), back, handles));
  EXPECT_FALSE(read_whole(listed({2, 1}), back, handles));
  EXPECT_FALSE(read_whole(listed({1, 1}), back, handles));
}

TEST(wire, a_bool_is_zero_or_one) {
  numbered_handles handles;
  bool back = false;
  EXPECT_TRUE(read_whole(written(std::uint8_t{1}, handles), back, handles));
  EXPECT_TRUE(back);
  EXPECT_FALSE(read_whole(written(std::uint8_t{2}, handles), back, handles));
}

TEST(wire, an_enum_that_says_its_last_value_takes_none_beyond) {
  numbered_handles handles;
  weekday back = weekday::monday;
  EXPECT_TRUE(read_whole(written(std::uint8_t{1}, handles), back, handles));
  EXPECT_EQ(back, weekday::tuesday);
  EXPECT_FALSE(read_whole(written(std::uint8_t{2}, handles), back, handles));
}

TEST(wire, errors_keep_code_sentence_and_seconds_and_those_of_caf_their_code) {
  numbered_handles handles;
  const auto back = [&](const caf::error& error) {
    caf::error result;
    EXPECT_TRUE(read_whole(written(error, handles), result, handles));
    return result;
  };
  const auto refusal = back(make_refusal(errc::too_many_requests, "later", 7));
  EXPECT_EQ(failure_code(refusal, errc::io_error), errc::too_many_requests);
  EXPECT_EQ(failure_text(refusal), "later");
  EXPECT_EQ(retry_after_s(refusal), 7U);
  EXPECT_EQ(failure_text(back(make_failure(errc::io_error, "disk"))), "disk");
  const auto foreign = back(caf::make_error(caf::sec::invalid_argument, "a sentence"));
  EXPECT_EQ(foreign, caf::sec::invalid_argument);
  EXPECT_TRUE(foreign.context().empty());
  EXPECT_FALSE(back(caf::none));
}

TEST(wire, handles_go_through_the_mapper) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  using adder = caf::typed_actor<caf::replies_to<int>::with<int>>;
  const adder typed =
      system.spawn([]() -> adder::behavior_type { return {[](int x) { return x; }}; });
  const auto plain = caf::actor_cast<caf::actor>(typed);
  numbered_handles handles;
  const auto form = written(std::tuple{typed, plain, caf::strong_actor_ptr{}}, handles);
  std::tuple<adder, caf::actor, caf::strong_actor_ptr> back;
  ASSERT_TRUE(read_whole(form, back, handles));
  EXPECT_EQ(std::get<0>(back), typed);
  EXPECT_EQ(std::get<1>(back), plain);
  EXPECT_EQ(std::get<2>(back), nullptr);
  EXPECT_FALSE(read_whole(written(std::uint32_t{9}, handles), std::get<1>(back), handles));
}

}  // namespace
}  // namespace troupe::transport
