#include "engine/embedded/text/incremental_decoder.hpp"

#include <utility>

#include "engine/embedded/text/utf8.hpp"

namespace troupe::engine {

std::string incremental_decoder::push(std::string_view bytes) {
  pending_ += bytes;
  std::string out;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const auto step = decode_utf8(rest);
    if (step.incomplete) break;
    if (step.valid) {
      out += rest.substr(0, step.bytes);
    } else {
      append_utf8(out, replacement_character);
    }
    rest.remove_prefix(step.bytes);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return out;
}

std::string incremental_decoder::flush() {
  return repair_utf8(std::exchange(pending_, {}));
}

}  // namespace troupe::engine
