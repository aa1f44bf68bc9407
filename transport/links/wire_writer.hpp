// Writes values as bytes for another node; a CAF inspector, so every `inspect` works with it.
//
// Format: little endian, without names or padding. Integers, floating point, enums and durations as
// they lie in memory; bool one byte; counts four bytes; optionals one byte before the value; fields
// one after the other. A shared_bytes below wire_bounds::blob_bytes_min follows its count, a larger
// one is the next blob; texts likewise, below text_bytes_min. Errors keep code, sentence and
// seconds (wire.cpp).
//
// Thread: one at a time. Appends only.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/unit.hpp>

#include "runtime/assert.hpp"
#include "runtime/shared_bytes.hpp"
#include "transport/links/wire_types.hpp"

namespace troupe::transport {

// Gathers values of known size, so that a run of them is one append.
template <std::size_t N>
class wire_batch {
 public:
  explicit wire_batch(std::string& out) : out_{out} {}

  // Takes bytes. REQUIRES: no more than N between two flushes.
  void add(const void* bytes, std::size_t size) {
    std::memcpy(bytes_.data() + used_, bytes, size);
    used_ += size;
  }

  // Appends what was gathered.
  void flush() {
    if (used_ != 0) out_.append(bytes_.data(), std::exchange(used_, 0));
  }

 private:
  std::string& out_;
  std::size_t used_ = 0;
  std::array<char, N> bytes_;
};

class wire_writer {
 public:
  using result_type = void;
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;

  // Whose texts are written: `taken` are of no use behind it, so that large ones need no copy.
  // REQUIRES: they may be changed.
  enum class texts { kept, taken };

  wire_writer(std::string& out, std::vector<shared_bytes>& blobs, handle_mapper& handles,
              texts whose = texts::kept)
      : out_{out}, blobs_{blobs}, handles_{handles}, whose_{whose} {}

  // Writes fields, one after the other.
  template <class... Ts>
  void operator()(const Ts&... xs) {
    wire_batch<(wire_head_bytes<Ts>() + ... + 1)> open{out_};
    (put(open, xs), ...);
    open.flush();
  }

 private:
  void put(auto&, const caf::meta::type_name_t&) {}
  void put(auto&, const caf::unit_t&) {}

  void put(auto& open, const bool& x) {
    const char byte = x ? 1 : 0;
    open.add(&byte, 1);
  }

  template <wire_plain T>
  void put(auto& open, const T& x) {
    if constexpr (wire_head_bytes<T>() != 0) {
      open.add(&x, sizeof(x));
    } else {
      append(open, &x, sizeof(x));
    }
  }

  template <wire_ranged T>
  void put(auto& open, const T& x) {
    open.add(&x, sizeof(x));
  }

  void put(auto& open, const std::string& x) {
    put_count(open, x.size());
    if (x.size() >= wire_bounds::text_bytes_min) return put_large(x);
    append(open, x.data(), x.size());
  }

  template <wire_sequence T>
  void put(auto& open, const T& x) {
    put_count(open, x.size());
    if constexpr (wire_plain<typename T::value_type>) {
      append(open, x.data(), x.size() * sizeof(typename T::value_type));
    } else {
      open.flush();
      for (const auto& element : x) (*this)(element);
    }
  }

  template <wire_ordered T>
  void put(auto& open, const T& x) {
    put_count(open, x.size());
    open.flush();
    for (const auto& element : x) (*this)(element);
  }

  template <class T, std::size_t N>
  requires(!wire_plain<T>) void put(auto& open, const std::array<T, N>& x) {
    open.flush();
    for (const auto& element : x) (*this)(element);
  }

  template <class A, class B>
  void put(auto& open, const std::pair<A, B>& x) {
    open.flush();
    (*this)(x.first, x.second);
  }

  template <class... Ts>
  void put(auto& open, const std::tuple<Ts...>& x) {
    open.flush();
    std::apply(*this, x);
  }

  template <class T>
  void put(auto& open, const std::optional<T>& x) {
    open.flush();
    (*this)(x.has_value());
    if (x) (*this)(*x);
  }

  void put(auto& open, const shared_bytes& x) {
    open.flush();
    put_bytes(x);
  }

  void put(auto& open, const caf::error& x) {
    open.flush();
    put_error(x);
  }

  void put(auto& open, const caf::strong_actor_ptr& x) {
    open.flush();
    handles_.write(*this, x);
  }

  void put(auto& open, const caf::actor& x) {
    put(open, caf::actor_cast<caf::strong_actor_ptr>(x));
  }

  template <class T>
  requires(!wire_plain<T> && !wire_ranged<T> &&
           wire_inspected<T, wire_writer>) void put(auto& open, const T& x) {
    open.flush();
    inspect(*this, const_cast<T&>(x));  // CAF's inspectors take a reference either way
  }

  void put_count(auto& open, std::size_t count) {
    TROUPE_ASSERT(count <= std::numeric_limits<std::uint32_t>::max());
    const auto written = static_cast<std::uint32_t>(count);
    open.add(&written, sizeof(written));
  }

  void append(auto& open, const void* bytes, std::size_t size) {
    open.flush();
    out_.append(static_cast<const char*>(bytes), size);
  }

  void put_bytes(const shared_bytes& x);
  void put_large(const std::string& x);
  void put_error(const caf::error& x);

  std::string& out_;
  std::vector<shared_bytes>& blobs_;
  handle_mapper& handles_;
  const texts whose_;
};

}  // namespace troupe::transport
