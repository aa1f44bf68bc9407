// A flat buffer that bytes are read into at its end and taken from at its front.
//
// Bounds: grows by doubling up to the maximum given; its pages are touched only as they fill.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace troupe::transport::http {

class read_buffer {
 public:
  read_buffer(std::size_t initial_bytes, std::size_t bytes_max)
      : data_{new char[initial_bytes]}, capacity_{initial_bytes}, bytes_max_{bytes_max} {}

  std::string_view bytes() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  // Returns room at the end, moving or growing the memory; empty when the buffer is full. Must not
  // be called while a read into earlier room is pending.
  std::span<char> room() {
    if (empty()) begin_ = end_ = 0;
    if (end_ == capacity_ && begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == capacity_ && capacity_ < bytes_max_) grow();
    return {data_.get() + end_, capacity_ - end_};
  }

  // Takes over bytes that were read into the room.
  void filled(std::size_t bytes) { end_ += bytes; }

  // Drops bytes at the front.
  void consume(std::size_t bytes) { begin_ += bytes; }

 private:
  void grow() {
    const std::size_t capacity = std::min(2 * capacity_, bytes_max_);
    std::unique_ptr<char[]> larger{new char[capacity]};
    std::memcpy(larger.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    data_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t capacity_;
  std::size_t bytes_max_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace troupe::transport::http
