#include "apps/node_ending.hpp"

namespace troupe::apps {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds actors_limit{30'000};
constexpr milliseconds last_words_limit{1'000};

constexpr std::uint32_t bit(node_event what) {
  return static_cast<std::uint32_t>(what);
}

}  // namespace

node_ending::steps node_ending::begin(time_point now) {
  if (in_cluster_) {
    enter(phase::handing_over, stop_timeout_, now);
    return {ending_step::hand_over};
  }
  enter(phase::draining, stop_timeout_, now);
  return {ending_step::drain};
}

node_ending::steps node_ending::take(node_event what, time_point now) {
  if (what == node_event::reload_signal || is_over()) return {};
  if (what == node_event::stop_signal) return go_on(false, now);
  seen_ |= bit(what);
  if (has_all()) return go_on(true, now);
  return what == node_event::supervisor_ended ? go_on(false, now) : steps{};
}

std::uint32_t node_ending::awaited() const {
  switch (phase_) {
    case phase::handing_over:
      return bit(node_event::handed_over);
    case phase::draining:
      return bit(node_event::drained) | (in_cluster_ ? bit(node_event::engines_drained) : 0);
    case phase::last_words:
      return bit(node_event::drained);
    case phase::stopping:
    case phase::over:
      break;
  }
  return bit(node_event::supervisor_ended);
}

void node_ending::enter(phase which, milliseconds limit, time_point now) {
  phase_ = which;
  due_ = now + limit;
}

// What the next step waits for may be there already.
node_ending::steps node_ending::go_on(bool done, time_point now) {
  auto all = next(done, now);
  while (!is_over() && has_all()) {
    for (const auto step : next(true, now)) all.push_back(step);
  }
  return all;
}

node_ending::steps node_ending::next(bool done, time_point now) {
  switch (phase_) {
    case phase::handing_over:
      enter(phase::draining, stop_timeout_, now);
      if (done) return {ending_step::drain};
      return {ending_step::handover_late, ending_step::drain};
    case phase::draining:
      if (!done) {
        enter(phase::last_words, last_words_limit, now);
        return {ending_step::end_requests};
      }
      enter(phase::stopping, actors_limit, now);
      return {ending_step::stop_actors};
    case phase::last_words:
      enter(phase::stopping, actors_limit, now);
      if (done) return {ending_step::stop_actors};
      return {ending_step::close_abruptly, ending_step::stop_actors};
    case phase::stopping:
      phase_ = phase::over;
      is_clean_ = done;
      if (!done) return {ending_step::give_up_on_tree};
      break;
    case phase::over:
      break;
  }
  return {};
}

}  // namespace troupe::apps
