// `troupe version`: what this build is made of and which vector instructions it finds here.
#pragma once

#include <string>

namespace troupe::apps {

// Renders the versions, one a line.
std::string version_text();

}  // namespace troupe::apps
