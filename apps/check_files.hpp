// `troupe check`: reports on actor config files.
#pragma once

#include <string>
#include <vector>

#include "config/environment.hpp"

namespace troupe::apps {

struct check_report {
  int exit_code = 0;     // 1 where any file has a mistake
  std::string summary;   // for stdout: nodes and actors of the good files
  std::string mistakes;  // for stderr, one a line
};

struct check_command {
  std::vector<std::string> files;
  bool plan = false;                   // say who runs where
  std::vector<std::string> without{};  // with `plan`: as if these nodes were not there
};

// Reads the files and says what they hold and what is wrong with them.
check_report check_files(const check_command& check, const config::environment& variables);

}  // namespace troupe::apps
