// Compiled as C++23 (CMakeLists.txt), in which std::string can do this; the rest is C++20.
#include "transport/http/resize_unfilled.hpp"

namespace troupe::transport::http {

void resize_unfilled(std::string& text, std::size_t size) {
#ifdef __cpp_lib_string_resize_and_overwrite
  text.resize_and_overwrite(size, [](char*, std::size_t all) { return all; });
#else
  text.resize(size);
#endif
}

}  // namespace troupe::transport::http
