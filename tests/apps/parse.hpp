// Parsing command lines in tests.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "apps/cli.hpp"

namespace troupe::apps {

inline std::optional<std::string> no_variables(const std::string&) {
  return std::nullopt;
}

// Parses arguments that are separated by single blanks.
inline command parse(const std::string& line) {
  std::vector<std::string> arguments;
  std::istringstream words{line};
  for (std::string word; words >> word;) arguments.push_back(word);
  return parse_command(arguments, no_variables);
}

// Returns the command where it is of this kind; a failure with what was printed where it is not.
template <class Command>
Command parse_as(const std::string& line) {
  command parsed = parse(line);
  if (auto* wanted = std::get_if<Command>(&parsed)) return std::move(*wanted);
  const auto* done = std::get_if<finished>(&parsed);
  ADD_FAILURE() << line << ": " << (done ? done->text : "another command");
  return {};
}

// Returns the sentence of a command line that is wrong.
inline std::string mistake_of(const std::string& line) {
  const auto done = parse_as<finished>(line);
  EXPECT_EQ(done.exit_code, exit_bad_usage) << line;
  return done.text;
}

}  // namespace troupe::apps
