// What actors may rely on when the other one lives elsewhere.
#include "tests/transport/links/remote_nodes.hpp"

namespace troupe::testing {
namespace {

using transport::get_actor;
using transport::spawn_actor;

struct remote_actors_test : remote_nodes {
  remote_actors_test() {
    start("a");
    start("b");
    start("c");
    name_it("b", nodes["b"]->spawn(echo));
  }

  void name_it(const std::string& node, const caf::actor& actor) {
    nodes[node]->names.put("it", actor);
  }

  static void end(const caf::actor& actor, const caf::error& reason) {
    caf::anon_send(actor, caf::exit_msg{caf::actor_addr{}, reason});
  }

  // An actor of `a` that writes down how `whom` ended.
  void watch(const caf::actor& whom, std::vector<caf::error>& ends) {
    nodes["a"]->spawn([whom, &ends](caf::event_based_actor* self) -> caf::behavior {
      self->monitor(whom);
      self->set_down_handler([&ends](const caf::down_msg& down) { ends.push_back(down.reason); });
      return {[](std::int64_t) {}};
    });
    settle();
  }
};

TEST_F(remote_actors_test, answers_come_back_from_an_actor_found_by_name) {
  const auto it = find("a", "b");
  ASSERT_TRUE(it);
  EXPECT_EQ(answer<std::string>("a", it, std::string{"hello"}), std::string{"hello"});
  EXPECT_EQ(answer<std::int64_t>("a", it, std::int64_t{21}), 42);
  EXPECT_EQ(nodes["a"]->actors->counts().pending, 0u);
}

TEST_F(remote_actors_test, an_unknown_name_is_an_error_that_names_it) {
  const auto got = answer<caf::strong_actor_ptr>("a", server("a", "b"), get_actor{"nobody"});
  ASSERT_FALSE(got);
  EXPECT_EQ(failure_code(got.error(), errc::timeout), errc::not_found);
  EXPECT_NE(failure_text(got.error()).find("nobody"), std::string::npos);
}

TEST_F(remote_actors_test, actors_are_spawned_by_kind) {
  auto& b =
      start("b", 2,
            {{"echo", [this](const std::string& arguments) -> caf::expected<caf::strong_actor_ptr> {
                if (arguments != "loud") return make_failure(errc::invalid_request, arguments);
                return caf::actor_cast<caf::strong_actor_ptr>(nodes["b"]->spawn(echo));
              }}});
  const auto there = server("a", "b", 2);
  const auto made = request<caf::strong_actor_ptr>("a", there, spawn_actor{"echo", "loud"});
  ASSERT_TRUE(made);
  EXPECT_EQ(answer<std::int64_t>("a", made, std::int64_t{4}), 8);
  EXPECT_EQ(b.keep.size(), 1u);
  const auto bad = answer<caf::strong_actor_ptr>("a", there, spawn_actor{"echo", "quiet"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(failure_code(bad.error(), errc::timeout), errc::invalid_request);
  const auto none = answer<caf::strong_actor_ptr>("a", there, spawn_actor{"dog", ""});
  ASSERT_FALSE(none);
  EXPECT_EQ(failure_code(none.error(), errc::timeout), errc::not_found);
}

TEST_F(remote_actors_test, a_large_text_travels_whole_and_stays_with_others_who_hold_it) {
  const std::string text(transport::wire_bounds::text_bytes_min, 'x');
  const auto it = find("a", "b");
  EXPECT_EQ(answer<std::string>("a", it, text), text);
  const auto held = caf::make_message(text);
  for (int i = 0; i < 2; ++i) it->enqueue(nullptr, caf::make_message_id(), held, nullptr);
  settle();
  EXPECT_EQ(held.get_as<std::string>(0), text);
  EXPECT_EQ(nodes["b"]->actors->counts().malformed, 0u);
}

// Here its request holds an asker whom nobody else does; there it is only a number.
TEST_F(remote_actors_test, an_asker_lives_until_it_is_answered) {
  auto got = std::make_shared<std::int64_t>(0);
  auto alive = std::make_shared<int>(0);
  const auto it = find("a", "b");
  network.hold("b", "a");
  nodes["a"]->world.system.spawn([=](caf::event_based_actor* self) {
    self->request(it, caf::infinite, std::int64_t{4}).then([=](std::int64_t x) {
      *got = x + *alive;
    });
  });
  settle();
  EXPECT_EQ(alive.use_count(), 2) << "the asker has it";
  network.let_go("b", "a");
  settle();
  EXPECT_EQ(*got, 8);
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(nodes["a"]->actors->counts().pending, 0u);
}

TEST_F(remote_actors_test, a_request_without_an_answer_times_out) {
  name_it("b", nodes["b"]->spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](std::int64_t) { return self->make_response_promise(); }};
  }));
  auto kept = std::make_shared<caf::expected<std::int64_t>>(caf::error{});
  const auto it = find("a", "b");
  begin<std::int64_t>("a", it, std::int64_t{1}, kept);
  network.hold("b", "a");
  settle();
  advance(std::chrono::milliseconds{5'001});
  ASSERT_FALSE(*kept);
  EXPECT_EQ(failure_code(kept->error(), errc::no_engine), errc::timeout);
}

TEST_F(remote_actors_test, a_dead_receiver_is_an_error) {
  const auto it = find("a", "b");
  caf::anon_send_exit(nodes["b"]->keep[0], caf::exit_reason::kill);
  settle();
  const auto got = answer<std::int64_t>("a", it, std::int64_t{1});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), caf::sec::request_receiver_down);
  EXPECT_EQ(nodes["b"]->actors->counts().dead, 1u);
}

// a asks b, b delegates to c, and c answers a, whom it has never met.
TEST_F(remote_actors_test, a_delegated_request_is_answered_by_the_third_node) {
  name_it("c", nodes["c"]->spawn(echo));
  const auto at_c = find("b", "c");
  name_it("b", nodes["b"]->spawn([at_c](caf::event_based_actor* self) -> caf::behavior {
    return {[self, at_c](std::int64_t number) { return self->delegate(at_c, number); }};
  }));
  EXPECT_EQ(answer<std::int64_t>("a", find("a", "b"), std::int64_t{5}), 10);
  EXPECT_EQ(nodes["a"]->actors->counts().pending, 0u);
}

TEST_F(remote_actors_test, a_handle_of_a_third_node_works_where_it_arrives) {
  name_it("c", nodes["c"]->spawn(echo));
  nodes["b"]->names.put("far", find("b", "c"));
  const auto far = find("a", "b", "far");
  ASSERT_TRUE(far);
  EXPECT_EQ(answer<std::int64_t>("a", far, std::int64_t{3}), 6);
}

TEST_F(remote_actors_test, a_handle_that_comes_home_is_the_actor_itself) {
  name_it("a", nodes["a"]->spawn(echo));
  nodes["b"]->names.put("back", find("b", "a"));
  EXPECT_EQ(find("a", "b", "back"), nodes["a"]->keep[0]);
}

TEST_F(remote_actors_test, monitors_hear_how_a_remote_actor_ended) {
  std::vector<caf::error> ends;
  watch(find("a", "b"), ends);
  EXPECT_TRUE(ends.empty());
  end(nodes["b"]->keep[0], make_failure(errc::no_engine, "out of it"));
  settle();
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(failure_text(ends[0]), "out of it");
}

TEST_F(remote_actors_test, monitors_hear_of_an_actor_that_had_ended_before) {
  const auto it = find("a", "b");
  caf::anon_send_exit(nodes["b"]->keep[0], caf::exit_reason::kill);
  settle();
  std::vector<caf::error> ends;
  watch(it, ends);
  EXPECT_EQ(ends.size(), 1u);
}

TEST_F(remote_actors_test, who_demonitors_hears_nothing) {
  std::vector<caf::error> ends;
  const auto it = find("a", "b");
  nodes["a"]->spawn([it, &ends](caf::event_based_actor* self) -> caf::behavior {
    self->monitor(it);
    self->demonitor(it);
    self->set_down_handler([&ends](const caf::down_msg& down) { ends.push_back(down.reason); });
    return {[](std::int64_t) {}};
  });
  settle();
  caf::anon_send_exit(nodes["b"]->keep[0], caf::exit_reason::kill);
  settle();
  EXPECT_TRUE(ends.empty());
}

TEST_F(remote_actors_test, monitors_hear_of_a_node_that_is_gone) {
  std::vector<caf::error> ends;
  watch(find("a", "b"), ends);
  nodes["a"]->carrier.end({"b", 1}, make_failure(errc::connection_lost, "silent"));
  settle();
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0], caf::exit_reason::remote_link_unreachable);
}

struct linked_pair : remote_actors_test {
  // Links an actor of a to one of b; `trapped` is what each gets to see.
  void link(bool trap) {
    const auto it = find("a", "b");
    nodes["a"]->spawn([it, trap, this](caf::event_based_actor* self) -> caf::behavior {
      if (trap)
        self->set_exit_handler([this](const caf::exit_msg& m) { seen.push_back(m.reason); });
      self->link_to(it);
      return {[](std::int64_t) {}};
    });
    settle();
  }

  bool alive(const std::string& node) { return !ended(nodes[node]->keep[0]); }
  static bool ended(const caf::actor& actor) {
    return caf::actor_cast<caf::abstract_actor*>(actor)->getf(
        caf::abstract_actor::is_terminated_flag);
  }

  std::vector<caf::error> seen;
};

TEST_F(linked_pair, the_end_of_the_remote_one_ends_ours) {
  link(false);
  caf::anon_send_exit(nodes["b"]->keep[0], caf::exit_reason::kill);
  settle();
  EXPECT_FALSE(alive("a"));
}

TEST_F(linked_pair, the_end_of_ours_ends_the_remote_one) {
  link(false);
  end(nodes["a"]->keep[0], make_failure(errc::no_engine, "down"));
  settle();
  EXPECT_FALSE(alive("b"));
}

TEST_F(linked_pair, an_exit_is_told_once_to_who_traps_it) {
  link(true);
  caf::anon_send_exit(nodes["b"]->keep[0], caf::exit_reason::user_shutdown);
  settle();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0], caf::exit_reason::user_shutdown);
  EXPECT_TRUE(alive("a"));
}

TEST_F(linked_pair, the_end_of_a_node_ends_what_is_linked_to_its_actors) {
  link(false);
  nodes["b"]->carrier.end({"a", 1}, make_failure(errc::connection_lost, "silent"));
  settle();
  EXPECT_FALSE(alive("b"));
}

TEST_F(linked_pair, who_unlinks_outlives_the_other) {
  const auto it = find("a", "b");
  nodes["a"]->spawn([it](caf::event_based_actor* self) -> caf::behavior {
    self->link_to(it);
    return {[self, it](std::int64_t) { self->unlink_from(it); }};
  });
  settle();
  caf::anon_send(nodes["a"]->keep[0], std::int64_t{0});
  settle();
  caf::anon_send_exit(nodes["b"]->keep[0], caf::exit_reason::kill);
  settle();
  EXPECT_TRUE(alive("a"));
}

TEST_F(linked_pair, a_remote_actor_is_killed_by_an_exit) {
  caf::anon_send_exit(find("a", "b"), caf::exit_reason::kill);
  settle();
  EXPECT_FALSE(alive("b"));
}

}  // namespace
}  // namespace troupe::testing
