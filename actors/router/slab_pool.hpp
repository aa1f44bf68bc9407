// A pool of equal slots named by 32-bit ids, in slabs that never move.
//
// Half the size of a pointer per reference, no pause for growth, and freed slots are reused first,
// so that memory stays flat under churn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::actors {

// Names no slot.
inline constexpr std::uint32_t no_slot = UINT32_MAX;

template <class T>
class slab_pool {
 public:
  // Returns the id of a slot holding a default value.
  std::uint32_t add() {
    if (free_.empty()) grow();
    const auto id = free_.back();
    free_.pop_back();
    (*this)[id] = T{};
    return id;
  }

  // Gives a slot back; what it held is destroyed.
  void remove(std::uint32_t id) {
    (*this)[id] = T{};
    free_.push_back(id);
  }

  T& operator[](std::uint32_t id) { return (*slabs_[id / slab_slots])[id % slab_slots]; }
  const T& operator[](std::uint32_t id) const {
    return (*slabs_[id / slab_slots])[id % slab_slots];
  }

  // Returns how many slots are in use.
  std::size_t size() const { return slabs_.size() * slab_slots - free_.size(); }

  // Returns the memory of all slabs, what the slots point to not included.
  std::size_t memory_bytes() const {
    return slabs_.size() * sizeof(slab) + free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::size_t slab_slots = 1024;
  using slab = std::array<T, slab_slots>;

  void grow() {
    const auto first = static_cast<std::uint32_t>(slabs_.size() * slab_slots);
    slabs_.push_back(std::make_unique<slab>());
    for (auto i = slab_slots; i-- > 0;) free_.push_back(first + static_cast<std::uint32_t>(i));
  }

  std::vector<std::unique_ptr<slab>> slabs_;
  std::vector<std::uint32_t> free_;
};

}  // namespace troupe::actors
