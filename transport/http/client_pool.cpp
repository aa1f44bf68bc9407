#include "transport/http/client_pool.hpp"

#include <utility>

namespace troupe::transport::http {

std::shared_ptr<upstream> client_pool::take(const endpoint& to) {
  const auto found = idle_.find(to);
  if (found == idle_.end() || found->second.empty()) return nullptr;
  auto connection = std::move(found->second.back());
  found->second.pop_back();
  return connection;
}

std::shared_ptr<upstream> client_pool::keep(const endpoint& to, std::shared_ptr<upstream> idle) {
  if (per_endpoint_max_ == 0) return idle;
  auto& list = idle_[to];
  std::shared_ptr<upstream> oldest;
  if (list.size() >= per_endpoint_max_) {
    oldest = std::move(list.front());
    list.erase(list.begin());
  }
  list.push_back(std::move(idle));
  return oldest;
}

void client_pool::remove(const endpoint& to, const upstream* gone) {
  const auto found = idle_.find(to);
  if (found == idle_.end()) return;
  std::erase_if(found->second, [gone](const auto& each) { return each.get() == gone; });
  if (found->second.empty()) idle_.erase(found);
}

std::vector<std::shared_ptr<upstream>> client_pool::take_all(const endpoint& to) {
  const auto found = idle_.find(to);
  if (found == idle_.end()) return {};
  auto list = std::move(found->second);
  idle_.erase(found);
  return list;
}

}  // namespace troupe::transport::http
