// What values of a type consist of, as a text: equal where two nodes' bytes mean the same.
//
// Format: sizes in bytes, `u4 ` an unsigned number, `i` signed, `f` floating, `b ` bool, `t ` text,
// `o ` bytes, `e ` error, `a ` handle of an actor, `[..]` sequence, `<..>` ordered, `3*` so many,
// `?` optional, `{..}` fields. Thread: none.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <caf/actor.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/unit.hpp>

#include "runtime/shared_bytes.hpp"
#include "transport/links/wire_types.hpp"

namespace troupe::transport {

class wire_shape {
 public:
  using result_type = void;

  // Returns the shape of a list of values.
  template <class... Ts>
  static std::string of() {
    wire_shape shape;
    (shape.add(of_type<Ts>{}), ...);
    return '(' + shape.text_ + ')';
  }

  // Adds fields; CAF's `inspect` calls it.
  template <class... Ts>
  void operator()(const Ts&...) {
    (add(of_type<Ts>{}), ...);
  }

 private:
  template <class T>
  using of_type = std::type_identity<T>;

  void add(of_type<caf::meta::type_name_t>) {}
  void add(of_type<caf::unit_t>) {}
  void add(of_type<bool>) { text_ += "b "; }
  void add(of_type<std::string>) { text_ += "t "; }
  void add(of_type<shared_bytes>) { text_ += "o "; }
  void add(of_type<caf::error>) { text_ += "e "; }
  void add(of_type<caf::strong_actor_ptr>) { text_ += "a "; }
  void add(of_type<caf::actor>) { text_ += "a "; }

  template <class T>
  requires(std::is_arithmetic_v<T>) void add(of_type<T>) {
    text_ += std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u';
    text_ += std::to_string(sizeof(T)) + ' ';
  }

  template <class T>
  requires(std::is_enum_v<T>) void add(of_type<T>) { add(of_type<std::underlying_type_t<T>>{}); }

  template <class Rep, class Period>
  void add(of_type<std::chrono::duration<Rep, Period>>) {
    add(of_type<Rep>{});
  }

  template <class T, std::size_t N>
  void add(of_type<std::array<T, N>>) {
    text_ += std::to_string(N) + '*';
    add(of_type<T>{});
  }

  template <wire_sequence T>
  void add(of_type<T>) {
    text_ += '[';
    add(of_type<typename T::value_type>{});
    text_ += ']';
  }

  template <wire_ordered T>
  void add(of_type<T>) {
    text_ += '<';
    add(of_type<typename T::key_type>{});
    if constexpr (requires { typename T::mapped_type; }) add(of_type<typename T::mapped_type>{});
    text_ += '>';
  }

  template <class A, class B>
  void add(of_type<std::pair<A, B>>) {
    add(of_type<A>{});
    add(of_type<B>{});
  }

  template <class... Ts>
  void add(of_type<std::tuple<Ts...>>) {
    (add(of_type<Ts>{}), ...);
  }

  template <class T>
  void add(of_type<std::optional<T>>) {
    text_ += '?';
    add(of_type<T>{});
  }

  template <class T>
  requires(!std::is_enum_v<T> && wire_inspected<T, wire_shape>) void add(of_type<T>) {
    T sample{};
    text_ += '{';
    inspect(*this, sample);
    text_ += '}';
  }

  std::string text_;
};

}  // namespace troupe::transport
