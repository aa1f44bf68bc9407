#include "apps/bench/multi_round_workload.hpp"

#include <cmath>

#include "apps/bench/workload_text.hpp"

namespace troupe::apps::bench {

namespace {

std::shared_ptr<const std::string> shared_text(random_stream from, std::size_t bytes) {
  return std::make_shared<const std::string>(make_text(from, bytes));
}

double join_rate(const multi_round_settings& settings) {
  return settings.join_rate > 0 ? settings.join_rate : settings.qps;
}

}  // namespace

multi_round_workload::multi_round_workload(const multi_round_settings& settings, bool replaces,
                                           workload_seeds seeds, text_scale scale)
    : settings_{settings},
      replaces_{replaces},
      seeds_{seeds},
      scale_{scale},
      system_{speaker::system, shared_text({seeds.text, "system"}, scale.bytes(settings.system))} {
  arrivals joins{settings.arrivals, join_rate(settings), {seeds.schedule, "joins"}};
  for (std::uint32_t u = 0; u < settings.users; ++u) join(joins.next());
}

std::optional<std::chrono::nanoseconds> multi_round_workload::next_due() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.top().first;
}

void multi_round_workload::join(nanoseconds at) {
  const std::uint32_t user = joined_++;
  conversation begun{{}, {seeds_.schedule, "gaps", user}, 0, at};
  users_.emplace(user, std::move(begun));
  waiting_.push({at, user});
}

// Between half and one and a half of the mean, so that no user falls behind by chance alone.
std::chrono::nanoseconds multi_round_workload::gap(conversation& with) const {
  const double mean_s = settings_.users / settings_.qps;
  const double factor = settings_.arrivals == arrival_kind::fixed ? 1 : 0.5 + with.gaps.unit();
  return nanoseconds{std::llround(mean_s * factor * 1e9)};
}

// A conversation begins with the user's own context; texts are made when they are first needed.
message multi_round_workload::question(std::uint32_t user, const conversation& with) const {
  const std::uint64_t key = std::uint64_t{user} * settings_.rounds + with.round;
  std::string text = make_text({seeds_.text, "question", key}, scale_.bytes(settings_.question));
  if (with.said.empty() || with.said.back().by == speaker::system) {
    const std::string context =
        make_text({seeds_.text, "context", user}, scale_.bytes(settings_.context));
    if (!context.empty()) text = context + "\n\n" + text;
  }
  return {speaker::user, std::make_shared<const std::string>(std::move(text))};
}

planned_request multi_round_workload::take() {
  const auto [due, user] = waiting_.top();
  waiting_.pop();
  conversation& with = users_.at(user);
  if (with.said.empty() && !system_.text->empty()) with.said.push_back(system_);
  with.said.push_back(question(user, with));
  return {taken_++, due, with.said, settings_.answer_tokens, user, with.round};
}

void multi_round_workload::ended(const planned_request& asked,
                                 std::optional<std::string_view> text) {
  const auto found = users_.find(asked.user);
  if (found == users_.end()) return;
  conversation& with = found->second;
  if (text) {
    with.said.push_back({speaker::assistant, std::make_shared<const std::string>(*text)});
  } else {
    with.said.pop_back();  // the user goes on as if the question had not been asked
  }
  with.due += gap(with);
  if (++with.round < settings_.rounds) return waiting_.push({with.due, asked.user});
  const auto free_at = with.due;
  users_.erase(found);
  if (replaces_) join(free_at);
}

}  // namespace troupe::apps::bench
