#include "tests/simulation/cluster/request_book.hpp"

#include <algorithm>

namespace troupe::simulation {

namespace {

std::string text(const request_key& key) {
  return "request " + std::to_string(key.stream) + "/" + std::to_string(key.number);
}

}  // namespace

void request_book::broken(const request_key& key, const std::string& what) {
  world_.broken(text(key) + " " + what);
}

void request_book::began(const request_key& key, time_point deadline) {
  ++begun_;
  world_.note(text(key) + " begins");
  open_[key].deadline = deadline;
}

void request_book::asked(const request_key& key, std::uint32_t epoch) {
  auto& it = open_.at(key);
  if (epoch < it.epoch) broken(key, "asks with an older epoch");
  it.epoch = epoch;
  routes_max_ = std::max(routes_max_, ++it.routes);
}

void request_book::granted(const request_key& key, std::uint32_t epoch_asked,
                           std::uint32_t epoch_granted) {
  world_.note(text(key) + " has lease of epoch " + std::to_string(epoch_granted));
  if (epoch_asked != epoch_granted) broken(key, "got a lease of another epoch");
}

void request_book::used(const request_key& key, std::uint32_t epoch) {
  const auto at = open_.find(key);
  if (at == open_.end()) return broken(key, "uses a lease after its end");
  if (epoch != at->second.epoch) broken(key, "uses a lease that is not of its latest attempt");
  if (epoch <= at->second.used) broken(key, "uses two leases of one attempt");
  at->second.used = epoch;
}

void request_book::ask_failed(const request_key& key, errc code) {
  world_.note(text(key) + " is told " + to_string(code));
  const auto at = open_.find(key);
  if (code == errc::timeout && at != open_.end() && !at->second.is_excused) {
    broken(key, "was never answered by the router it asked");
  }
}

void request_book::ended(const request_key& key, const std::string& how) {
  world_.note(text(key) + " ends: " + how);
  if (open_.erase(key) == 0) return broken(key, "ends twice");
  if (how == "completed") ++completed_;
}

void request_book::forgotten(std::uint64_t stream) {
  std::erase_if(open_, [stream](const auto& item) { return item.first.stream == stream; });
}

void request_book::excused(std::uint64_t stream) {
  for (auto& [key, it] : open_) {
    if (key.stream == stream) it.is_excused = true;
  }
}

void request_book::check() {
  for (const auto& [key, it] : open_) {
    if (!it.is_excused && world_.events.now() > it.deadline) broken(key, "missed its deadline");
  }
}

}  // namespace troupe::simulation
