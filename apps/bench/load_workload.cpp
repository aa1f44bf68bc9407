#include "apps/bench/load_workload.hpp"

#include <utility>

#include "apps/bench/workload_text.hpp"

namespace troupe::apps::bench {

load_workload::load_workload(const load_settings& settings, std::uint64_t requests_max,
                             workload_seeds seeds, text_scale scale)
    : settings_{settings},
      requests_max_{requests_max},
      seeds_{seeds},
      scale_{scale},
      arrivals_{settings.arrivals, settings.rate, random_stream{seeds.schedule, "arrivals"}},
      lengths_{seeds.schedule, "lengths"},
      system_{speaker::system,
              std::make_shared<const std::string>(
                  make_text(random_stream{seeds.text, "system"}, scale.bytes(settings.system)))},
      due_{arrivals_.next()} {}

std::optional<std::chrono::nanoseconds> load_workload::next_due() const {
  if (requests_max_ != 0 && taken_ == requests_max_) return std::nullopt;
  return due_;
}

planned_request load_workload::take() {
  planned_request made;
  made.id = taken_++;
  made.due = std::exchange(due_, arrivals_.next());
  const auto bytes = scale_.bytes(settings_.prompt.draw(lengths_));
  made.answer_tokens = static_cast<std::uint32_t>(settings_.answer.draw(lengths_).count);
  if (!system_.text->empty()) made.messages.push_back(system_);
  made.messages.push_back(
      {speaker::user, std::make_shared<const std::string>(
                          make_text(random_stream{seeds_.text, "prompt", made.id}, bytes))});
  return made;
}

}  // namespace troupe::apps::bench
