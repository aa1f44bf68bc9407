// What values between nodes may consist of, and how many bytes of known size each begins with.
//
// Thread: none, types only.
// Bounds: wire_bounds. REQUIRES: no type contains itself, which nothing would bound the depth of.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <caf/actor_control_block.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include "runtime/shared_bytes.hpp"

namespace troupe::transport {

static_assert(std::endian::native == std::endian::little,
              "values are copied as they lie in memory");

class wire_reader;
class wire_writer;

struct wire_bounds {
  // From this size on the bytes of a shared_bytes travel beside the message, without a copy.
  static constexpr std::size_t blob_bytes_min = 8 * 1024;
  // The same for texts, once more at each end where they come from and go to a std::string. No more
  // of them fit into link_bounds::record_bytes_max than may travel so.
  static constexpr std::size_t text_bytes_min = 64 * 1024;
  static constexpr std::size_t empty_elements_max = 1'024;      // of no bytes, in one sequence
  static constexpr std::size_t reserved_bytes_max = 64 * 1024;  // before elements are seen
};

// Writes and reads handles of actors, which mean something else at each end.
class handle_mapper {
 public:
  virtual ~handle_mapper() = default;

  // Writes what the other end needs to know the actor by; null is a handle too.
  virtual void write(wire_writer& out, const caf::strong_actor_ptr& handle) = 0;

  // Reads what write() wrote; fails the reader where it names no actor.
  virtual caf::strong_actor_ptr read(wire_reader& in) = 0;
};

// An enum that says which of its values is the last; larger ones are refused. Others stand for any
// number, such as those that name things.
template <class T>
concept wire_ranged = std::is_enum_v<T> && requires(T x) {
  { last_value(x) } -> std::same_as<T>;
};

template <class T>
struct wire_traits {
  static constexpr bool plain = (std::is_integral_v<T> && !std::same_as<T, bool>) ||
                                std::same_as<T, float> || std::same_as<T, double> ||
                                (std::is_enum_v<T> && !wire_ranged<T>);
  static constexpr std::size_t head_bytes =
      plain || wire_ranged<T> || std::same_as<T, bool> ? sizeof(T) : 0;
};

template <class Rep, class Period>
struct wire_traits<std::chrono::duration<Rep, Period>> : wire_traits<Rep> {};

template <class T, std::size_t N>
struct wire_traits<std::array<T, N>> {
  static constexpr bool plain = wire_traits<T>::plain;
  static constexpr std::size_t head_bytes = plain && N * sizeof(T) <= 64 ? N * sizeof(T) : 0;
};

// What is written as it lies in memory: every bit pattern is a value.
template <class T>
concept wire_plain = wire_traits<T>::plain;

// Elements in any number, in the order in which they are written.
template <class T>
concept wire_sequence = std::same_as<T, std::vector<typename T::value_type>>;

// Elements in the order of their keys, none twice.
template <class T>
concept wire_ordered = requires(T x) {
  typename T::key_type;
  x.key_comp();
};

// Returns how many bytes the reader needs at least, and the writer gathers before it appends.
template <class T>
consteval std::size_t wire_head_bytes() {
  const bool counted = std::same_as<T, std::string> || wire_sequence<T> || wire_ordered<T>;
  return counted ? sizeof(std::uint32_t) : wire_traits<T>::head_bytes;
}

// A type whose fields are listed by CAF's `inspect`.
template <class T, class Inspector>
concept wire_inspected = requires(Inspector& f, T& x) {
  inspect(f, x);
};

}  // namespace troupe::transport

// Travels by our own form only.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::shared_bytes)
