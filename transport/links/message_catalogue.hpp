// Every kind of message that may travel between nodes, and its bytes.
//
// A kind is the list of the types of a message's elements, such as `(route_request)`; both ends
// know them by number, and the hash of all names is part of the hello, so that they agree. Elements
// are written by their `inspect` functions, little endian, without names.
//
// Thread: built before use, read from any.
// Bounds: kinds_max; what is read is bounded by the bytes at hand, depth by the types.
// Source: CAF's own generic form costs 1.1 of 3.1 us a message and is bounded by nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <caf/mailbox_element.hpp>
#include <caf/type_erased_tuple.hpp>

#include "transport/links/wire.hpp"
#include "transport/links/wire_shape.hpp"

namespace troupe::transport {

class message_catalogue {
 public:
  static constexpr std::size_t kinds_max = 1'024;

  // Adds a kind under the next number; none for the message without elements. Atoms are all of the
  // type caf::atom_value in a message. REQUIRES: it is not there yet.
  template <class... Ts>
  void add(std::string name) {
    static_assert((std::is_same_v<Ts, std::decay_t<Ts>> && ...));
    static_assert((std::is_default_constructible_v<Ts> && ...), "is made first and then read");
    add_kind(std::move(name), {{caf::make_rtti_pair<Ts>()...},
                               wire_shape::of<Ts...>(),
                               &write_as<Ts...>,
                               &read_as<Ts...>});
  }

  // Returns the number of a message's kind, nothing where it is not in the catalogue.
  std::optional<std::uint16_t> find(const caf::type_erased_tuple& message) const;

  // Writes the elements of a message. REQUIRES: find() gave this kind for it.
  void write(std::uint16_t kind, const caf::type_erased_tuple& message, wire_writer& out) const;

  // Reads a message straight into a mailbox element; null where the bytes are not of that kind, or
  // some are left over.
  caf::mailbox_element_ptr read(std::uint16_t kind, caf::strong_actor_ptr sender,
                                caf::message_id id, wire_reader& in) const;

  // Returns the name of each kind, by number.
  const std::vector<std::string>& names() const { return names_; }

  // Returns a number that differs where names, their order or what elements consist of differ.
  std::uint64_t hash() const;

 private:
  using element_types = std::vector<caf::rtti_pair>;

  struct kind {
    element_types types;
    std::string shape;
    void (*write)(const caf::type_erased_tuple&, wire_writer&);
    caf::mailbox_element_ptr (*read)(caf::strong_actor_ptr, caf::message_id, wire_reader&);
  };

  struct slot {
    std::uint64_t hash = 0;
    std::uint32_t kind_after = 0;  // its number plus one; 0: empty
    std::uint32_t elements = 0;
  };

  template <class... Ts>
  static void write_as([[maybe_unused]] const caf::type_erased_tuple& message,
                       [[maybe_unused]] wire_writer& out) {
    [&]<std::size_t... Is>(std::index_sequence<Is...>) {
      out(message.template get_as<Ts>(Is)...);
    }
    (std::index_sequence_for<Ts...>{});
  }

  template <class... Ts>
  static caf::mailbox_element_ptr read_as(caf::strong_actor_ptr sender, caf::message_id id,
                                          wire_reader& in) {
    if constexpr (sizeof...(Ts) == 0) {
      if (!in.complete()) return nullptr;
      return caf::make_mailbox_element(std::move(sender), id, {}, caf::message{});
    } else {
      using element = caf::mailbox_element_vals<Ts...>;
      auto* const made = new element(std::move(sender), id, {}, Ts{}...);
      caf::mailbox_element_ptr result{made};
      std::apply(in, made->data());
      if (!in.complete()) result.reset();
      return result;
    }
  }

  void add_kind(std::string name, kind added);
  void insert(const slot& added);
  static bool is_of(const caf::type_erased_tuple& message, const kind& k);

  std::vector<kind> kinds_;
  std::vector<std::string> names_;
  std::vector<slot> slots_ = std::vector<slot>(16);  // open addressing; a power of two, half empty
};

}  // namespace troupe::transport
