// The differential test: what Python's jinja2 made of each template is what we make of it.
// Regenerate the table with make_template_cases.py.
#include "engine/embedded/text/chat_template.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace troupe::engine {
namespace {

using json = nlohmann::ordered_json;

json load_cases() {
  std::ifstream in{std::string{TROUPE_SOURCE_DIR} +
                   "/tests/engine/embedded/text/template_cases.json"};
  return json::parse(in);
}

// The rendered text, or the error's text behind a mark.
std::string outcome(const json& entry, const json& data) {
  const auto parsed = chat_template::parse(entry["template"].get<std::string>());
  if (!parsed) return "ERROR " + failure_text(parsed.error());
  const json& variables = entry.contains("data") ? data : entry["variables"];
  const auto text = (*parsed)->render(variables);
  if (!text) return "ERROR " + failure_text(text.error());
  return *text;
}

TEST(chat_template_cases, agree_with_jinja2) {
  const auto table = load_cases();
  ASSERT_GT(table["cases"].size(), 200U);
  for (const auto& entry : table["cases"]) {
    SCOPED_TRACE(entry["template"].get<std::string>());
    const auto ours = outcome(entry, table["data"]);
    if (entry.contains("output")) {
      EXPECT_EQ(ours, entry["output"].get<std::string>());
      continue;
    }
    EXPECT_TRUE(ours.starts_with("ERROR ")) << ours;
    const auto raised = entry["error"].get<std::string>();
    if (!raised.empty()) {
      EXPECT_EQ(ours, "ERROR " + raised);
    }
  }
}

}  // namespace
}  // namespace troupe::engine
