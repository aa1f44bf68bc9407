// Bodies read by a prompt_reader, in tests.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "actors/router/prompt_reader.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {

inline const prompt_reader_options options{.seed = {7}};

inline prompt_facts read_ok(prompt_kind kind, const std::string& body) {
  prompt_reader reader{options};
  auto facts = reader.read(kind, body);
  EXPECT_TRUE(facts) << body.substr(0, 200);
  return facts ? *facts : prompt_facts{};
}

inline prompt_facts chat(const std::string& members) {
  return read_ok(prompt_kind::chat, R"({"model":"m",)" + members + "}");
}

inline prompt_facts completion(const std::string& members) {
  return read_ok(prompt_kind::completion, R"({"model":"m",)" + members + "}");
}

inline std::string error_of(const std::string& body, prompt_kind kind = prompt_kind::chat) {
  prompt_reader reader{options};
  const auto facts = reader.read(kind, body);
  if (facts) return "accepted";
  EXPECT_EQ(failure_code(facts.error(), errc::io_error), errc::invalid_request) << body;
  return failure_text(facts.error());
}

}  // namespace troupe::actors
