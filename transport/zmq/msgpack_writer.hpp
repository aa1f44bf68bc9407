// Appends MessagePack values to a string, each in its shortest form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::transport::zmq {

class msgpack_writer {
 public:
  explicit msgpack_writer(std::string& out) : out_{out} {}

  void nil();
  void unsigned_integer(std::uint64_t number);
  void integer(std::int64_t number);
  void real(double number);
  void text(std::string_view characters);
  void bytes(std::string_view content);

  // Opens an array or map of so many elements or pairs, which the caller appends next.
  void array(std::uint32_t elements);
  void map(std::uint32_t pairs);

 private:
  void lead(unsigned byte, std::uint64_t value, unsigned size);

  std::string& out_;
};

}  // namespace troupe::transport::zmq
