// Decides what becomes of a request whose attempt failed: another engine, or an error for the
// client.
//
// Pure. Contract C4: every failure ends in one of these verdicts, none in silence. Contract C6: a
// request that has lost two engines is not tried on a third, since it may be what kills them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/errc.hpp"

namespace troupe::actors {

enum class verdict : std::uint8_t {
  retry,       // ask the router for another engine
  give_up,     // answer with an error; nothing of the answer has been sent
  end_stream,  // part of the answer has been sent: end it with a typed error event
};

// What one request has been through.
class retry_policy {
 public:
  static constexpr std::size_t refused_leases_max = 100;  // of one request

  explicit retry_policy(std::size_t attempts_max) : attempts_max_{attempts_max} {}

  // Notes that an attempt at an engine begins; returns its epoch, counted from 1.
  std::uint32_t begin_attempt(std::uint32_t engine);

  // The engine was full and did nothing of the attempt: it may be asked again.
  void attempt_refused();

  // An engine was chosen that would not have the request, or is gone: no attempt began. The router
  // knows better soon, for what tells it is on its way; refused_leases_max of them are a mistake.
  verdict lease_refused();

  // How many attempts have begun, refused ones included.
  std::uint32_t attempts() const { return attempts_; }

  // An attempt failed after `bytes_sent` bytes of its answer had gone to the client.
  verdict attempt_failed(errc code, std::size_t bytes_sent);

  // Engines already tried, so that the router chooses another.
  const std::vector<std::uint32_t>& tried() const { return tried_; }

  // What to tell the client after give_up: the code and a sentence.
  errc final_code() const { return final_code_; }
  const std::string& final_text() const { return final_text_; }

 private:
  static constexpr std::size_t lost_engines_max = 2;

  std::size_t attempts_max_;
  std::size_t lost_ = 0;
  std::size_t refused_ = 0;
  std::uint32_t attempts_ = 0;
  bool reached_ = false;  // some engine took a connection
  std::vector<std::uint32_t> tried_;
  errc final_code_ = errc::connection_lost;
  std::string final_text_;
};

}  // namespace troupe::actors
