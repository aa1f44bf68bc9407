// The version of this build.
#pragma once

#include <string_view>

namespace troupe {

// Returns the version as major.minor.patch.
std::string_view version();

}  // namespace troupe
