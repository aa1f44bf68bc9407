#include "tests/simulation/cluster/request_book.hpp"

#include <algorithm>

namespace troupe::simulation {

std::string to_string(const request_key& key) {
  return "request " + std::to_string(key.stream) + "/" + std::to_string(key.number);
}

void request_book::broken(const request_key& key, const std::string& what) {
  world_.broken(to_string(key) + " " + what);
}

void request_book::began(const request_key& key) {
  ++begun_;
  world_.note(to_string(key) + " begins");
  auto& it = open_[key];
  it.began = it.routed_since = world_.events.now();
  it.deadline = it.routed_since + within_.answer;
}

void request_book::attempt_began(const request_key& key, std::uint64_t exchange) {
  world_.note(to_string(key) + " is asked in exchange " + std::to_string(exchange));
  const auto at = open_.find(key);
  if (at == open_.end()) return broken(key, "is asked after its end");
  if (at->second.exchange != 0) broken(key, "has two attempts at once");
  at->second.exchange = exchange;
  attempts_max_ = std::max(attempts_max_, ++at->second.attempts);
}

void request_book::attempt_over(const request_key& key, std::uint64_t exchange) {
  const auto at = open_.find(key);
  if (at == open_.end() || at->second.exchange != exchange) return;
  at->second.exchange = 0;
  at->second.routed_since = world_.events.now();
}

bool request_book::has_attempt(const request_key& key) const {
  const auto at = open_.find(key);
  return at != open_.end() && at->second.exchange != 0;
}

void request_book::token(const request_key& key, std::uint64_t exchange, std::uint64_t position) {
  const auto at = open_.find(key);
  if (at == open_.end()) return broken(key, "gets a token after its end");
  auto& it = at->second;
  if (it.tokens == 0) it.speaker = exchange;
  if (it.speaker != exchange) return broken(key, "gets tokens of two attempts");
  if (it.tokens != position) return broken(key, "gets a token out of its place");
  ++it.tokens;
}

void request_book::counted(const request_key& key, std::uint64_t tokens) {
  const auto at = open_.find(key);
  if (at != open_.end() && at->second.tokens != tokens) broken(key, "has not got all its tokens");
}

void request_book::lost_with_node(const request_key& key) {
  const auto at = open_.find(key);
  if (at != open_.end() && ++at->second.losses == 2) ++lost_twice_;
}

void request_book::ended(const request_key& key, const std::string& how) {
  world_.note(to_string(key) + " ends: " + how);
  const auto at = open_.find(key);
  if (at == open_.end()) return broken(key, "ends twice");
  const auto it = at->second;
  open_.erase(at);
  if (how == completed_word) ++completed_;
  const bool has_failed = how != completed_word && how != left_word;
  if (has_failed && !it.is_excused) on_failure(key, how, it.began);
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
  const auto now = world_.events.now();
  for (const auto& [key, it] : open_) {
    if (it.is_excused) continue;
    if (now > it.deadline) broken(key, "is older than its deadline");
    if (it.exchange == 0 && now > it.routed_since + within_.lease) {
      broken(key, "is not answered by its router");
    }
  }
}

}  // namespace troupe::simulation
