#include "tests/runtime/supervisor_script.hpp"

#include <array>
#include <random>

namespace troupe::testing {

namespace {

using kind = script_step::kind;

class script_maker {
 public:
  script_maker(std::uint64_t seed, script_form form) : random_{seed}, form_{form} {
    out_.seed = seed;
  }

  script make() {
    auto& policy = out_.policy;
    policy.strategy = pick<restart_strategy>(4);
    policy.shutdown_when = pick<auto_shutdown>(3);
    policy.restarts_max = below(5);
    policy.period = std::chrono::milliseconds{(1 + below(4)) * unit()};
    policy.backoff_min = policy.backoff_max = std::chrono::milliseconds{0};
    policy.at_first_start = first_failure::fail;
    if (form_ == script_form::full) {
      policy.backoff_min = std::chrono::milliseconds{below(3) * 100};
      policy.backoff_max = policy.backoff_min * (1 + below(6));
      policy.at_first_start = pick<first_failure>(2);
      policy.children_max = 8;
      out_.jitter = below(2);
    }
    template_ = rules("t");
    const auto children = simple() ? 0 : below(6);
    for (std::uint32_t i = 0; i < children; ++i) out_.children.push_back(rules(fresh_name()));
    for (auto i = 5 + below(25); i > 0; --i) out_.steps.push_back(step(false));
    if (form_ == script_form::full) {
      for (auto i = below(6); i > 0; --i) out_.during_stop[below(12)].push_back(step(true));
    }
    if (below(2) == 0) out_.steps.push_back({.what = kind::stop});
    return out_;
  }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  std::uint32_t unit() const { return form_ == script_form::plain ? 1'000 : 500; }
  bool simple() const { return out_.policy.strategy == restart_strategy::simple_one_for_one; }
  template <class Enum>
  Enum pick(std::uint32_t values) {
    return static_cast<Enum>(below(values));
  }

  std::string fresh_name() {
    std::string name{static_cast<char>('a' + names_ % 26)};
    if (++names_ > 26) name += std::to_string(names_);
    return name;
  }

  child_rules rules(std::string name) {
    child_rules out{.name = std::move(name), .kind = pick<restart_kind>(3)};
    const bool may =
        out.kind != restart_kind::permanent && out_.policy.shutdown_when != auto_shutdown::never;
    out.significant = may && below(2) == 0;
    return out;
  }

  std::string known_name() {
    return std::string{static_cast<char>('a' + below(std::min(names_ + 1, 26U)))};
  }

  script_step step(bool during_stop) {
    const auto dice = below(100);
    if (dice < 40) {
      return {.what = kind::exit, .child = {.name = known_name()}, .normal = below(2) == 0};
    }
    if (dice < 50) {
      return {.what = kind::fail_starts, .child = {.name = known_name()}, .number = 1 + below(2)};
    }
    if (dice < 62) return start_step();
    if (dice < 70) return {.what = kind::terminate, .child = {.name = known_name()}};
    if (dice < 77) return {.what = kind::restart, .child = {.name = known_name()}};
    if (dice < 82) return {.what = kind::remove, .child = {.name = known_name()}};
    if (during_stop && dice < 86) return {.what = kind::stop};
    const auto part = form_ == script_form::plain ? 1 : 1 + below(2);
    return {.what = kind::advance, .number = below(4) * unit() / part};
  }

  script_step start_step() {
    if (simple()) {
      auto child = template_;
      child.name = fresh_name();
      return {.what = kind::start, .child = std::move(child)};
    }
    auto child = rules(below(2) == 0 ? fresh_name() : known_name());
    if (below(20) == 0) child.significant = true;  // maybe against the rules
    return {.what = kind::start, .child = std::move(child)};
  }

  std::mt19937_64 random_;
  script_form form_;
  script out_;
  child_rules template_;
  std::uint32_t names_ = 0;
};

}  // namespace

script make_script(std::uint64_t seed, script_form form) {
  return script_maker{seed, form}.make();
}

std::string_view word(restart_strategy value) {
  constexpr std::array<std::string_view, 4> words{"one_for_one", "one_for_all", "rest_for_one",
                                                  "simple_one_for_one"};
  return words.at(static_cast<std::size_t>(value));
}

std::string_view word(restart_kind value) {
  constexpr std::array<std::string_view, 3> words{"permanent", "transient", "temporary"};
  return words.at(static_cast<std::size_t>(value));
}

std::string_view word(auto_shutdown value) {
  constexpr std::array<std::string_view, 3> words{"never", "any_significant", "all_significant"};
  return words.at(static_cast<std::size_t>(value));
}

std::string_view word(request_outcome value) {
  constexpr std::array<std::string_view, 11> words{
      "done",        "not_found",     "already_running", "already_present", "running", "restarting",
      "not_dynamic", "invalid_rules", "start_failed",    "overloaded",      "ending"};
  return words.at(static_cast<std::size_t>(value));
}

std::string_view word(supervisor_end value) {
  constexpr std::array<std::string_view, 5> words{"none", "stopped", "gave_up", "auto_shutdown",
                                                  "first_start_failed"};
  return words.at(static_cast<std::size_t>(value));
}

std::string_view word(script_step::kind value) {
  constexpr std::array<std::string_view, 8> words{"exit",    "fail_starts", "start",   "terminate",
                                                  "restart", "remove",      "advance", "stop"};
  return words.at(static_cast<std::size_t>(value));
}

}  // namespace troupe::testing
