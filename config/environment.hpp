// `${NAME}` and `${NAME:-default}` in the values of a configuration file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::config {

// Looks up a variable; nothing where it is not set.
using environment = std::function<std::optional<std::string>(const std::string& name)>;

// Returns the environment of this process; HOSTNAME is the host's name even where it is not set.
environment process_environment();

struct expansion {
  std::string text;
  std::string mistake;  // the end of a sentence about the value; empty: none
};

// Replaces `${NAME}` and `${NAME:-default}` (the default also where the variable is empty); `$${`
// stands for `${`. What a variable holds is not expanded again.
//
// Bounds: 64 KiB of result.
expansion expand(std::string_view text, const environment& variables);

}  // namespace troupe::config
