#include "actors/stream/retry_policy.hpp"

namespace troupe::actors {

namespace {

// Failures another engine may not have.
bool is_retryable(errc code) {
  switch (code) {
    case errc::connect_failed:
    case errc::connection_lost:
    case errc::timeout:
    case errc::protocol_error:
    case errc::process_died:
    case errc::overloaded:
      return true;
    default:
      return false;
  }
}

// Failures in which the request may have been what brought the engine down.
bool loses_engine(errc code) {
  return code == errc::connection_lost || code == errc::timeout || code == errc::process_died;
}

}  // namespace

std::uint32_t retry_policy::begin_attempt(std::uint32_t engine) {
  tried_.push_back(engine);
  return ++attempts_;
}

void retry_policy::attempt_refused() {
  reached_ = true;
  tried_.pop_back();
}

verdict retry_policy::lease_refused() {
  const auto next = attempt_failed(errc::connect_failed, 0);
  if (next != verdict::retry || ++refused_ < refused_leases_max) return next;
  final_text_ = "the router chose engines that are not up " + std::to_string(refused_) + " times";
  return verdict::give_up;
}

verdict retry_policy::attempt_failed(errc code, std::size_t bytes_sent) {
  if (loses_engine(code)) ++lost_;
  if (code != errc::connect_failed) reached_ = true;
  final_code_ = reached_ ? code : errc::no_engine;
  final_text_ = reached_ ? "the engine failed: " + to_string(code) : "no engine could be reached";
  if (bytes_sent > 0) return verdict::end_stream;
  if (lost_ >= lost_engines_max) {
    final_text_ = "the request is quarantined: " + std::to_string(lost_) +
                  " engines were lost while they worked on it";
    return verdict::give_up;
  }
  if (!is_retryable(code)) return verdict::give_up;
  if (tried_.size() >= attempts_max_) {
    final_text_ = std::to_string(tried_.size()) +
                  " engines were tried, the last one failed: " + to_string(code);
    return verdict::give_up;
  }
  return verdict::retry;
}

}  // namespace troupe::actors
