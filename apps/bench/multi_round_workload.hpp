// Users who ask, wait for the answer and ask again, each time with the whole conversation so far.
//
// Users join one after the other; each asks its first question when it joins and the others at
// times of its own, users / qps apart on average, so that all together ask `qps` questions a
// second. A question that is due before the answer to the one before it is there waits for that
// answer, and the wait counts: its due time stays. Without `replaces`, each user asks `rounds`
// questions and is done; with it, a new user takes the place of one that is done, for ever.
//
// Bounds: one request under way per user; a conversation has `rounds` questions and answers.
#pragma once

#include <queue>
#include <unordered_map>
#include <utility>

#include "apps/bench/arrivals.hpp"
#include "apps/bench/workload.hpp"

namespace troupe::apps::bench {

class multi_round_workload final : public workload {
 public:
  multi_round_workload(const multi_round_settings& settings, bool replaces, workload_seeds seeds,
                       text_scale scale);

  std::optional<std::chrono::nanoseconds> next_due() const override;
  planned_request take() override;
  void ended(const planned_request& asked, std::optional<std::string_view> text) override;

 private:
  using nanoseconds = std::chrono::nanoseconds;

  struct conversation {
    std::vector<message> said;
    random_stream gaps;
    std::uint32_t round = 0;  // of the question that is due or under way
    nanoseconds due{0};       // of it
  };

  void join(nanoseconds at);
  nanoseconds gap(conversation& with) const;
  message question(std::uint32_t user, const conversation& with) const;

  multi_round_settings settings_;
  bool replaces_;
  workload_seeds seeds_;
  text_scale scale_;
  message system_;
  std::uint64_t taken_ = 0;
  std::uint32_t joined_ = 0;
  std::unordered_map<std::uint32_t, conversation> users_;
  using due_user = std::pair<nanoseconds, std::uint32_t>;
  std::priority_queue<due_user, std::vector<due_user>, std::greater<>> waiting_;  // to ask
};

}  // namespace troupe::apps::bench
