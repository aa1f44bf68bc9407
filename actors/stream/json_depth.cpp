#include "actors/stream/json_depth.hpp"

#include "actors/router/json_text.hpp"

namespace troupe::actors {

bool nests_deeper(std::string_view json, std::size_t levels, body_place known) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < json.size(); ++at) {
    switch (json[at]) {
      case '[':
      case '{':
        if (++depth > levels) return true;
        break;
      case ']':
      case '}':
        if (depth > 0) --depth;
        break;
      case '"':
        ++at;
        at = json_literal_end(json, at, at == known.at ? at + known.size : at);
        if (at == std::string_view::npos) return false;
        break;
      default:
        break;
    }
  }
  return false;
}

}  // namespace troupe::actors
