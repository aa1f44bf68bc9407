// Idle keep-alive connections to upstreams, newest first out.
//
// Bounds: connections kept per endpoint; the oldest goes when one more comes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "transport/http/message.hpp"

namespace troupe::transport::http {

class upstream;

struct endpoint_hash {
  std::size_t operator()(const endpoint& e) const {
    return std::hash<std::string>{}(e.host) * 31 + e.port;
  }
};

class client_pool {
 public:
  explicit client_pool(std::size_t per_endpoint_max) : per_endpoint_max_{per_endpoint_max} {}

  // Takes an idle connection, or none.
  std::shared_ptr<upstream> take(const endpoint& to);

  // Keeps one; returns another that has to go in its place, or none.
  std::shared_ptr<upstream> keep(const endpoint& to, std::shared_ptr<upstream> idle);

  // Drops one that closed, if it is here.
  void remove(const endpoint& to, const upstream* gone);

  // Takes all of an endpoint.
  std::vector<std::shared_ptr<upstream>> take_all(const endpoint& to);

 private:
  std::size_t per_endpoint_max_;
  std::unordered_map<endpoint, std::vector<std::shared_ptr<upstream>>, endpoint_hash> idle_;
};

}  // namespace troupe::transport::http
