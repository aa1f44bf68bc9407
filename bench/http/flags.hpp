// Reads `--name value` flags of the measuring programs.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http/message.hpp"

namespace troupe::bench {

class flags {
 public:
  flags(int count, char** words) : words_{words + 1, words + count} {}

  std::string text(std::string_view name, std::string otherwise) const {
    for (std::size_t i = 0; i + 1 < words_.size(); i += 2) {
      if (words_[i] == name) return words_[i + 1];
    }
    return otherwise;
  }

  std::int64_t number(std::string_view name, std::int64_t otherwise) const {
    return std::atoll(text(name, std::to_string(otherwise)).c_str());
  }

  // Endpoints of a comma-separated list of host:port.
  std::vector<transport::http::endpoint> endpoints(std::string_view name) const {
    std::vector<transport::http::endpoint> list;
    std::string rest = text(name, "");
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const std::string one = rest.substr(0, comma);
      const auto colon = one.rfind(':');
      list.push_back(
          {one.substr(0, colon), static_cast<std::uint16_t>(std::atoi(one.c_str() + colon + 1))});
      rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    }
    return list;
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace troupe::bench
