// A text made longer without writing its new bytes, for who reads into them next.
#pragma once

#include <cstddef>
#include <string>

namespace troupe::transport::http {

// Sets the size of a text; bytes beyond its former size have any value. REQUIRES: the size is
// within its capacity. Source: zeroing 128 kB before they are read costs 4 us, of 94 for the
// request (bench/http).
void resize_unfilled(std::string& text, std::size_t size);

}  // namespace troupe::transport::http
