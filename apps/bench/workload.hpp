// What is sent when: the interface of load, trace and multi-round, and the requests they plan.
//
// A workload is pure: it knows neither the clock nor the network. Times count from the start of a
// run. Its schedule depends on its seeds alone; only what has to wait for an answer (the next
// question of a conversation) is sent later than due when the answer is late.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/bench/length_distribution.hpp"
#include "apps/bench/settings.hpp"

namespace troupe::apps::bench {

enum class speaker : std::uint8_t { system, user, assistant };

// A part of a prompt; shared, so that a long history is not copied for each question.
struct message {
  speaker by = speaker::user;
  std::shared_ptr<const std::string> text;
};

struct planned_request {
  std::uint64_t id = 0;             // from 0, in the order they are taken
  std::chrono::nanoseconds due{0};  // when it is meant to be sent
  std::vector<message> messages;
  std::uint32_t answer_tokens = 0;
  std::uint32_t user = 0;
  std::uint32_t round = 0;  // from 0
};

class workload {
 public:
  virtual ~workload() = default;

  // Returns when the next request is due, as far as that is known: nothing while all wait for
  // answers, and at the end.
  virtual std::optional<std::chrono::nanoseconds> next_due() const = 0;

  // Takes the request that next_due() tells of.
  virtual planned_request take() = 0;

  // Takes in the text of an answer; nothing: the request failed.
  virtual void ended(const planned_request& asked, std::optional<std::string_view> text) = 0;
};

// What a workload is made from besides its settings.
struct workload_seeds {
  std::uint64_t schedule = 1;
  std::uint64_t text = 1;
};

}  // namespace troupe::apps::bench
