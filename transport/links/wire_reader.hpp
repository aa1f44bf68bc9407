// Reads values from the bytes a wire_writer made, wherever they come from; a CAF inspector.
//
// Format: wire_writer.hpp; only what the writer would have written is taken, so that a value has
// one form. Thread: one at a time. Bounds: nothing is read beyond the bytes; counts are checked
// against the bytes at hand. Errors: the first one fails the reader for good; what it has read by
// then is of no use.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/unit.hpp>

#include "runtime/shared_bytes.hpp"
#include "transport/links/wire_types.hpp"

namespace troupe::transport {

class wire_reader {
 public:
  using result_type = bool;
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;

  wire_reader(std::string_view in, std::span<const shared_bytes> blobs, handle_mapper& handles)
      : at_{in.data()}, end_{in.data() + in.size()}, blobs_{blobs}, handles_{handles} {}

  // Reads fields, one after the other; returns whether all were there.
  template <class... Ts>
  bool operator()(Ts&&... xs) {
    return (get(xs) && ...);
  }

  // Returns how many bytes have not been read yet.
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  bool failed() const { return failed_; }

  // Returns whether everything was read, the blobs too, and all of it was right.
  bool complete() const { return !failed_ && at_ == end_ && blobs_.empty(); }

  // Gives up: the bytes say something that cannot be. Returns false.
  bool fail() {
    failed_ = true;
    at_ = end_;
    return false;
  }

 private:
  bool get(const caf::meta::type_name_t&) { return true; }
  bool get(caf::unit_t&) { return true; }

  bool get(bool& x) {
    std::uint8_t byte = 0;
    if (!get(byte) || byte > 1) return fail();
    x = byte == 1;
    return true;
  }

  template <wire_plain T>
  bool get(T& x) {
    if (left() < sizeof(T)) return fail();
    std::memcpy(&x, at_, sizeof(T));
    at_ += sizeof(T);
    return true;
  }

  template <wire_ranged T>
  bool get(T& x) {
    std::underlying_type_t<T> number{};
    if (!get(number) || number < 0 || static_cast<T>(number) > last_value(x)) return fail();
    x = static_cast<T>(number);
    return true;
  }

  bool get(std::string& x) {
    std::uint32_t size = 0;
    if (!get(size)) return false;
    if (size >= wire_bounds::text_bytes_min) return get_large(x, size);
    if (size > left()) return fail();
    x.assign(at_, size);
    at_ += size;
    return true;
  }

  template <wire_sequence T>
  bool get(T& x) {
    using element = typename T::value_type;
    if constexpr (wire_plain<element>) {
      return get_plain(x);
    } else {
      x.clear();
      return get_elements<element>(
          [&](std::size_t count) {
            x.reserve(std::min(count, wire_bounds::reserved_bytes_max / sizeof(element)));
          },
          [&](element&& value) {
            x.push_back(std::move(value));
            return true;
          });
    }
  }

  template <class T>
  bool get_plain(std::vector<T>& x) {
    std::uint32_t count = 0;
    if (!get(count) || count > left() / sizeof(T)) return fail();
    x.resize(count);
    if (count != 0) std::memcpy(x.data(), at_, count * sizeof(T));
    at_ += count * sizeof(T);
    return true;
  }

  template <wire_ordered T>
  bool get(T& x) {
    x.clear();
    return get_elements<unfrozen<typename T::value_type>>(
        [](std::size_t) {},
        [&](auto&& value) {
          const bool ascending = x.empty() || x.value_comp()(*x.rbegin(), value);
          if (ascending) x.emplace_hint(x.end(), std::move(value));
          return ascending;
        });
  }

  template <class T, std::size_t N>
  requires(!wire_plain<std::array<T, N>>) bool get(std::array<T, N>& x) {
    return std::all_of(x.begin(), x.end(), [this](T& element) { return get(element); });
  }

  template <class A, class B>
  bool get(std::pair<A, B>& x) {
    return get(x.first) && get(x.second);
  }

  template <class... Ts>
  bool get(std::tuple<Ts...>& x) {
    return std::apply([this](Ts&... xs) { return (get(xs) && ...); }, x);
  }

  template <class T>
  bool get(std::optional<T>& x) {
    bool there = false;
    if (!get(there)) return false;
    if (!there) {
      x.reset();
      return true;
    }
    return get(x.emplace());
  }

  bool get(caf::strong_actor_ptr& x) {
    x = handles_.read(*this);
    return !failed_;
  }

  bool get(caf::actor& x) {
    caf::strong_actor_ptr handle;
    if (!get(handle)) return false;
    x = caf::actor_cast<caf::actor>(std::move(handle));
    return true;
  }

  template <class T>
  requires(!wire_plain<T> && !wire_ranged<T> && wire_inspected<T, wire_reader>) bool get(T& x) {
    return inspect(*this, x);
  }

  bool get(shared_bytes& x);
  bool get(caf::error& x);
  bool get_large(std::string& x, std::size_t size);
  const shared_bytes* next_blob(std::size_t size);

  template <class T>
  struct unfrozen_type {
    using type = T;
  };
  template <class K, class V>
  struct unfrozen_type<std::pair<const K, V>> {
    using type = std::pair<K, V>;
  };
  template <class T>
  using unfrozen = typename unfrozen_type<T>::type;

  // Reads a count and so many elements, each taken by `take`, which may refuse it.
  template <class T>
  bool get_elements(auto reserve, auto take) {
    std::uint32_t count = 0;
    if (!get(count) || count > left() + wire_bounds::empty_elements_max) return fail();
    reserve(count);
    const char* const begin = at_;
    for (std::uint32_t i = 0; i < count; ++i) {
      T value{};
      if (!get(value) || !take(std::move(value))) return fail();
      if (at_ == begin && i >= wire_bounds::empty_elements_max) return fail();
    }
    return true;
  }

  const char* at_;
  const char* end_;
  std::span<const shared_bytes> blobs_;  // not yet taken
  handle_mapper& handles_;
  bool failed_ = false;
};

}  // namespace troupe::transport
