#include "actors/catalogue.hpp"

#include <set>

#include <gtest/gtest.h>

#include "actors/messages.hpp"
#include "tests/actors/filled.hpp"
#include "transport/links/node_messages.hpp"

namespace troupe::actors {
namespace {

using transport::wire_reader;
using transport::wire_writer;

// What stays within a node: an actor's notes to itself, and what holds more than values.
using local_messages =
    caf::detail::type_list<maintain_tick, settle_tick, probe_tick, probe_done, reconfigure_router>;

template <class... Ts>
constexpr bool is_local = false;
template <class T>
constexpr bool is_local<T> = caf::detail::tl_contains<local_messages, T>::value;

// Calls `see` with the list of types of each message that a handle takes or answers.
template <class... Is, class... Os>
void each_message(auto& see,
                  caf::typed_mpi<caf::detail::type_list<Is...>, caf::output_tuple<Os...>>) {
  see(caf::detail::type_list<Is...>{});
  if constexpr ((std::is_void_v<Os> || ...)) {
    see(caf::detail::type_list<>{});
  } else {
    see(caf::detail::type_list<Os...>{});
  }
}

template <class... Signatures>
void each_message(auto& see, caf::detail::type_list<Signatures...>) {
  (each_message(see, Signatures{}), ...);
}

void each_message_of_all(auto see) {
  each_message(see, router_actor::signatures{});
  each_message(see, engine_proxy_actor::signatures{});
  each_message(see, stream_actor::signatures{});
  each_message(see, engine_process_actor::signatures{});
  each_message(see, transport::node_server_actor::signatures{});
}

// Passes handles by, all of the same actor.
class one_handle : public transport::handle_mapper {
 public:
  explicit one_handle(caf::strong_actor_ptr known) : known_{std::move(known)} {}
  void write(wire_writer& out, const caf::strong_actor_ptr& handle) override {
    out(handle == known_);
  }
  caf::strong_actor_ptr read(wire_reader& in) override {
    bool is_it = false;
    in(is_it);
    return is_it ? known_ : nullptr;
  }

 private:
  caf::strong_actor_ptr known_;
};

class catalogue : public testing::Test {
 protected:
  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  caf::strong_actor_ptr someone_ = caf::actor_cast<caf::strong_actor_ptr>(
      system_.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int) {}}; }));
  one_handle handles_{someone_};
  transport::message_catalogue kinds_ = make_catalogue();

  template <class... Ts>
  caf::mailbox_element_ptr filled(caf::detail::type_list<Ts...>) {
    filler fill{someone_};
    auto* made = new caf::mailbox_element_vals<Ts...>(nullptr, caf::make_message_id(), {}, Ts{}...);
    std::apply(fill, made->data());
    return caf::mailbox_element_ptr{made};
  }

  caf::mailbox_element_ptr filled(caf::detail::type_list<>) {
    return caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, caf::message{});
  }

  std::string bytes_of(std::uint16_t kind, const caf::type_erased_tuple& message) {
    std::string bytes;
    std::vector<shared_bytes> blobs;
    wire_writer out{bytes, blobs, handles_};
    kinds_.write(kind, message, out);
    EXPECT_TRUE(blobs.empty());
    return bytes;
  }

  caf::mailbox_element_ptr element_of(std::uint16_t kind, std::string_view bytes) {
    wire_reader in{bytes, {}, handles_};
    return kinds_.read(kind, nullptr, caf::make_message_id(), in);
  }
};

TEST_F(catalogue, holds_every_message_of_every_handle_or_it_is_known_to_stay) {
  std::set<std::uint16_t> seen{*kinds_.find(caf::make_message(caf::error{}))};
  each_message_of_all([&]<class... Ts>(caf::detail::type_list<Ts...> types) {
    if constexpr (is_local<Ts...>) {
      EXPECT_EQ(kinds_.find(caf::make_message(Ts{}...)), std::nullopt);
    } else {
      const auto kind = kinds_.find(filled(types)->content());
      ASSERT_TRUE(kind) << caf::to_string(filled(types)->content());
      seen.insert(*kind);
    }
  });
  EXPECT_EQ(seen.size(), kinds_.names().size()) << "a kind that nobody takes or answers";
}

TEST_F(catalogue, every_message_reads_back_and_writes_the_same_bytes) {
  each_message_of_all([&]<class... Ts>(caf::detail::type_list<Ts...> types) {
    if constexpr (!is_local<Ts...>) {
      const auto message = filled(types);
      const auto kind = kinds_.find(message->content()).value();
      const auto bytes = bytes_of(kind, message->content());
      const auto back = element_of(kind, bytes);
      ASSERT_NE(back, nullptr) << kinds_.names()[kind];
      EXPECT_EQ(caf::to_string(back->content()), caf::to_string(message->content()));
      EXPECT_EQ(bytes_of(kind, back->content()), bytes);
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(element_of(kind, std::string_view{bytes}.substr(0, size)), nullptr);
      }
    }
  });
}

TEST_F(catalogue, refuses_an_outcome_and_a_reason_there_is_not) {
  request_ended ended;
  ended.outcome = static_cast<lease_outcome>(9);
  const auto message = caf::make_message(ended);
  const auto kind = kinds_.find(message).value();
  EXPECT_EQ(element_of(kind, bytes_of(kind, message)), nullptr);
}

TEST_F(catalogue, is_the_same_each_time) {
  EXPECT_EQ(make_catalogue().hash(), kinds_.hash());
  EXPECT_EQ(kinds_.names().front(), "nothing");
}

}  // namespace
}  // namespace troupe::actors
