// Text for prompts: common English words in random order, so that tokenisers treat it as they treat
// language, and two texts of different keys differ from their first words on.
#pragma once

#include <cstddef>
#include <string>

#include "apps/bench/random_stream.hpp"

namespace troupe::apps::bench {

// Returns so many bytes of words in sentences; printable ASCII, no blank at either end.
std::string make_text(random_stream from, std::size_t bytes);

}  // namespace troupe::apps::bench
