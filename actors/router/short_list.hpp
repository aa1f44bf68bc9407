// A list of trivial values that keeps its first few in place: most runs have one holder, few pages
// and no branch, and an allocation each would cost more than the values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "runtime/assert.hpp"

namespace troupe::actors {

template <class T, std::uint32_t InPlace>
class short_list {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  short_list() = default;
  short_list(short_list&& other) noexcept { swap(other); }
  short_list& operator=(short_list&& other) noexcept {
    short_list taken{std::move(other)};
    swap(taken);
    return *this;
  }
  ~short_list() {
    if (capacity_ > InPlace) std::free(heap_);
  }

  T* begin() { return capacity_ > InPlace ? heap_ : in_place_; }
  T* end() { return begin() + size_; }
  const T* begin() const { return capacity_ > InPlace ? heap_ : in_place_; }
  const T* end() const { return begin() + size_; }
  T& operator[](std::size_t i) { return begin()[i]; }
  const T& operator[](std::size_t i) const { return begin()[i]; }
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& back() { return end()[-1]; }

  // Inserts before the given place.
  void insert(const T* before, T value) {
    const auto at = static_cast<std::uint32_t>(before - begin());
    if (size_ == capacity_) set_capacity(capacity_ + capacity_ / 2 + 2);
    T* const place = begin() + at;
    std::move_backward(place, end(), end() + 1);
    *place = value;
    ++size_;
  }

  void push_back(T value) { insert(end(), value); }

  // Removes one value; gives memory back when three quarters of it are unused.
  void erase(const T* at) {
    T* const place = begin() + (at - begin());
    std::move(place + 1, end(), place);
    --size_;
    if (capacity_ > InPlace && size_ <= capacity_ / 4) set_capacity(std::max(InPlace, size_));
  }

  void pop_back() { erase(end() - 1); }

  // Returns the memory held outside the object.
  std::size_t heap_bytes() const { return capacity_ > InPlace ? capacity_ * sizeof(T) : 0; }

 private:
  void swap(short_list& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap_ranges(bytes_, bytes_ + sizeof bytes_, other.bytes_);
  }

  void set_capacity(std::uint32_t capacity) {
    T* const old = begin();
    const bool was_heap = capacity_ > InPlace;
    if (capacity > InPlace) {
      auto* const fresh = static_cast<T*>(std::malloc(capacity * sizeof(T)));
      TROUPE_ASSERT(fresh != nullptr);
      std::copy_n(old, size_, fresh);
      heap_ = fresh;
    } else {
      std::copy_n(old, size_, in_place_);
    }
    capacity_ = capacity;
    if (was_heap) std::free(old);
  }

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = InPlace;
  union {
    T in_place_[InPlace];
    T* heap_;
    unsigned char bytes_[std::max(sizeof(T) * InPlace, sizeof(T*))] = {};
  };
};

}  // namespace troupe::actors
