// Actors that tests spawn on I/O threads and, unchanged, in simulation.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include "runtime/ask.hpp"
#include "runtime/pinned_actor.hpp"

namespace troupe::testing {

struct question {
  int number = 0;
  int delay_ms = 0;  // of the answer
};

struct answer {
  int number = 0;
};

struct start_asking {
  int count = 0;
};

struct later {
  int number = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, question& x) {
  return f(caf::meta::type_name("question"), x.number, x.delay_ms);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answer& x) {
  return f(caf::meta::type_name("answer"), x.number);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, start_asking& x) {
  return f(caf::meta::type_name("start_asking"), x.count);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, later& x) {
  return f(caf::meta::type_name("later"), x.number);
}

using oracle_actor = caf::typed_actor<caf::replies_to<question>::with<answer>>;
using oracle_self = oracle_actor::extend<caf::reacts_to<later>>;

// Answers with the number doubled, after the delay asked for; unpinned.
class oracle final : public oracle_self::base {
 public:
  explicit oracle(caf::actor_config& cfg) : oracle_self::base{cfg} {}

  behavior_type make_behavior() override {
    return {[this](const question& q) -> caf::result<answer> {
              if (q.delay_ms == 0) return answer{q.number * 2};
              waiting_.emplace_back(q.number, make_response_promise<answer>());
              delayed_send(this, std::chrono::milliseconds{q.delay_ms}, later{q.number});
              return waiting_.back().second;
            },
            [this](const later& l) {
              for (auto i = waiting_.begin(); i != waiting_.end(); ++i) {
                if (i->first != l.number) continue;
                i->second.deliver(answer{l.number * 2});
                waiting_.erase(i);
                return;
              }
            }};
  }

  void on_exit() override { waiting_.clear(); }  // promises hold this actor

 private:
  std::vector<std::pair<int, caf::typed_response_promise<answer>>> waiting_;
};

using asker_actor = caf::typed_actor<caf::reacts_to<question>, caf::reacts_to<start_asking>>;

// Passes questions to an oracle with a deadline and notes what came: "2=4" or "2!timeout".
class asker final : public pinned<asker_actor::base> {
 public:
  using note = std::function<void(const std::string&)>;

  asker(caf::actor_config& cfg, io_thread* home, oracle_actor oracle, note out)
      : pinned{cfg, home}, oracle_{std::move(oracle)}, note_{std::move(out)} {}

  behavior_type make_behavior() override {
    return {[this](const question& q) { put(q); },
            [this](const start_asking& s) {
              for (int i = 0; i < s.count; ++i) put({i, 0});
            }};
  }

  void on_exit() override {
    oracle_ = oracle_actor{};
    note_("end");
  }

  // Also called from I/O callbacks of its thread, within call().
  void put(const question& q) {
    ask(
        this, oracle_, deadline, q,
        [this, n = q.number](const answer& a) {
          note_(std::to_string(n) + "=" + std::to_string(a.number));
        },
        [this, n = q.number](const caf::error& e) {
          note_(std::to_string(n) + "!" + to_string(failure_code(e, errc::cancelled)));
        });
  }

  static constexpr std::chrono::milliseconds deadline{50};

 private:
  oracle_actor oracle_;
  note note_;
};

}  // namespace troupe::testing
