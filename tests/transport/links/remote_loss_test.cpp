// What happens to actors' messages when the way between nodes is lossy, full, lying or gone.
#include "tests/transport/links/remote_nodes.hpp"

namespace troupe::testing {
namespace {

using transport::lane;
using transport::record_kind;

struct remote_loss : remote_nodes {
  remote_loss() {
    start("a");
    start("b");
    nodes["b"]->names.put("it", nodes["b"]->spawn(echo));
    it = find("a", "b");
  }

  std::shared_ptr<caf::expected<std::int64_t>> asked(std::int64_t number) {
    auto kept = std::make_shared<caf::expected<std::int64_t>>(caf::error{});
    begin<std::int64_t>("a", it, number, kept);
    return kept;
  }

  static errc code(const caf::expected<std::int64_t>& got) {
    return got ? errc::invalid_config : failure_code(got.error(), errc::invalid_config);
  }

  // Counts the ends that an actor of `a` hears of.
  std::shared_ptr<int> watched() {
    auto ends = std::make_shared<int>(0);
    nodes["a"]->spawn([this, ends](caf::event_based_actor* self) -> caf::behavior {
      self->monitor(it);
      self->set_down_handler([ends](const caf::down_msg&) { ++*ends; });
      return {[](std::int64_t) {}};
    });
    settle();
    return ends;
  }

  // Sends bytes from a to b as they are.
  void send_raw(std::string_view bytes) {
    nodes["a"]->carrier.reach(describe("b"))->send(lane::data, bytes);
    settle();
  }

  caf::actor it;
};

TEST_F(remote_loss, a_request_that_was_lost_fails_when_the_next_message_comes) {
  network.cut("a", "b");
  const auto lost = asked(1);
  settle();
  EXPECT_EQ(nodes["a"]->actors->counts().pending, 1u);
  network.mend("a", "b");
  const auto next = asked(2);
  settle();
  EXPECT_EQ(code(*lost), errc::connection_lost);
  EXPECT_TRUE(code(*next) == errc::connection_lost || *next == 4);  // it was on its way already
  EXPECT_EQ(answer<std::int64_t>("a", it, std::int64_t{3}), 6);
}

TEST_F(remote_loss, a_request_whose_answer_was_lost_fails) {
  network.cut("b", "a");
  const auto lost = asked(1);
  settle();
  network.mend("b", "a");
  asked(2);
  settle();
  EXPECT_EQ(code(*lost), errc::connection_lost);
}

TEST_F(remote_loss, requests_fail_when_their_node_is_gone) {
  network.hold("b", "a");
  const auto waiting = asked(1);
  settle();
  nodes["a"]->carrier.end({"b", 1}, make_failure(errc::connection_lost, "silent"));
  settle();
  EXPECT_EQ(code(*waiting), errc::connection_lost);
  EXPECT_FALSE(server("a", "b"));  // nothing leads back to an ended incarnation
}

TEST_F(remote_loss, a_handle_of_an_ended_node_answers_at_once) {
  nodes["a"]->carrier.end({"b", 1}, make_failure(errc::connection_lost, "silent"));
  const auto got = answer<std::int64_t>("a", it, std::int64_t{1});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), caf::sec::request_receiver_down);
}

TEST_F(remote_loss, a_new_incarnation_ends_the_old_and_answers_itself) {
  const auto ends = watched();
  auto& again = start("b", 2);
  again.names.put("it", again.spawn(echo));
  nodes["b"]->actors->node_server(describe("a"));
  again.world.system.spawn([this](caf::event_based_actor* self) {
    self->send(server("b", "a"), transport::get_actor{"it"});
  });
  settle();
  EXPECT_EQ(*ends, 1);
  const auto fresh =
      request<caf::strong_actor_ptr>("a", server("a", "b", 2), transport::get_actor{"it"});
  ASSERT_TRUE(fresh);
  EXPECT_EQ(answer<std::int64_t>("a", fresh, std::int64_t{7}), 14);
}

TEST_F(remote_loss, past_the_bound_requests_are_refused_and_nothing_before_is_lost) {
  network.queued_bytes_max = 200;
  network.hold("a", "b");
  std::vector<std::shared_ptr<caf::expected<std::int64_t>>> all;
  for (std::int64_t i = 0; i < 20; ++i) all.push_back(asked(i));
  settle();
  EXPECT_GT(transport::remote_backlog(caf::actor_cast<caf::strong_actor_ptr>(it)), 100u);
  network.let_go("a", "b");
  settle();
  std::size_t answered = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (*all[i] == static_cast<std::int64_t>(2 * i))
      ++answered;
    else
      EXPECT_EQ(code(*all[i]), errc::overloaded);
  }
  EXPECT_GT(answered, 0u);
  EXPECT_LT(answered, all.size());
  EXPECT_EQ(nodes["a"]->actors->counts().refused, all.size() - answered);
  EXPECT_EQ(nodes["a"]->actors->counts().pending, 0u);
}

TEST_F(remote_loss, a_message_over_the_bound_is_refused) {
  const auto got =
      answer<std::string>("a", it, std::string(transport::link_bounds::blob_bytes_max + 1, 'x'));
  ASSERT_FALSE(got);
  EXPECT_EQ(failure_code(got.error(), errc::timeout), errc::payload_too_large);
}

TEST_F(remote_loss, a_message_that_is_not_in_the_catalogue_is_refused) {
  const auto got = answer<std::int64_t>("a", it, numbers{1, 2});
  ASSERT_FALSE(got);
  EXPECT_EQ(failure_code(got.error(), errc::timeout), errc::unsupported);
}

TEST_F(remote_loss, an_end_that_was_lost_is_told_again) {
  const auto ends = watched();
  network.cut("b", "a");
  caf::anon_send_exit(nodes["b"]->keep[0], caf::exit_reason::kill);
  settle();
  EXPECT_EQ(*ends, 0);
  network.mend("b", "a");
  // Whatever comes next on that lane shows the gap: here the end of another watched actor.
  const auto other = nodes["b"]->spawn(echo);
  nodes["b"]->names.put("it", other);
  it = find("a", "b");
  watched();
  caf::anon_send_exit(other, caf::exit_reason::kill);
  settle();
  EXPECT_EQ(*ends, 1);
}

TEST_F(remote_loss, bytes_of_a_lying_node_are_counted_and_harm_nobody) {
  const auto before = nodes["b"]->actors->counts().malformed;
  send_raw("");
  send_raw("\xff");
  send_raw(std::string_view{"\x01\x00\x00", 3});
  send_raw(std::string(100, '\x03'));
  EXPECT_EQ(nodes["b"]->actors->counts().malformed, before + 4);
  EXPECT_EQ(answer<std::int64_t>("a", it, std::int64_t{1}), 2);
}

TEST_F(remote_loss, closing_lets_everybody_go) {
  const auto ends = watched();
  nodes["a"]->actors->close();
  settle();
  EXPECT_EQ(*ends, 1);
}

}  // namespace
}  // namespace troupe::testing
