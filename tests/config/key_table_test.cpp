// The schema and the reference say what the reader reads: all three come from one key table.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "config/field_reference.hpp"
#include "config/field_schema.hpp"
#include "config/topology_reader.hpp"

namespace troupe::config {
namespace {

const std::string source_dir = TROUPE_SOURCE_DIR;

std::string file_text(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Collects every key that a `properties` object of the schema names.
void collect_keys(const nlohmann::json& schema, std::set<std::string>& keys) {
  if (schema.is_object()) {
    if (schema.contains("properties") && !schema.contains("const")) {
      for (const auto& [key, value] : schema["properties"].items()) keys.insert(key);
    }
    for (const auto& [key, value] : schema.items()) collect_keys(value, keys);
  } else if (schema.is_array()) {
    for (const auto& value : schema) collect_keys(value, keys);
  }
}

std::set<std::string> schema_keys() {
  std::set<std::string> keys;
  collect_keys(nlohmann::json::parse(render_schema()), keys);
  return keys;
}

TEST(key_table, the_published_schema_is_up_to_date) {
  EXPECT_EQ(file_text(source_dir + "/config/topology.schema.json"), render_schema())
      << "run: troupe schema > config/topology.schema.json";
}

TEST(key_table, the_reference_is_up_to_date) {
  const std::string page = file_text(source_dir + "/docs/configuration.md");
  EXPECT_NE(page.find(render_reference()), std::string::npos)
      << "replace the tables of docs/configuration.md by what this prints: "
         "troupe schema --format markdown";
}

TEST(key_table, the_file_with_every_key_has_every_key_of_the_schema) {
  const std::string text = file_text(source_dir + "/tests/config/every_key.yaml");
  const auto keys = schema_keys();
  EXPECT_GE(keys.size(), 45u);
  for (const std::string& key : keys) {
    EXPECT_NE(text.find(key + ":"), std::string::npos) << key;
  }
}

TEST(key_table, the_reader_knows_every_key_of_the_schema) {
  // A key somewhere it does not belong is reported with the keys that do; every key is in some
  // list.
  const auto result = parse_topology(
      "{troupe: 1, zzzz: 1, cluster: {zzzz: 1, dns: {name: d, zzzz: 1}, membership: {zzzz: 1, "
      "suspicion: {zzzz: 1}}}, placed: [engine: {name: p, zzzz: 1, place: {zzzz: 1, spread: "
      "{label: l, "
      "zzzz: 1}}}], nodes: {n: {zzzz: 1, link: {zzzz: 1}, endpoint: {zzzz: 1, limits: {zzzz: 1}, "
      "tls: {zzzz: 1}, api_keys: {k: {sha256: " +
          std::string(64, '0') +
          ", zzzz: 1}}}, "
          "admin: {zzzz: 1}, log: {zzzz: 1}, supervisor: {zzzz: 1, backoff: {zzzz: 1}}, client: "
          "{zzzz: 1}, "
          "stream: {zzzz: 1}, actors: [router: {zzzz: 1, limits: {zzzz: 1}, "
          "session: {zzzz: 1}, models: {m: {zzzz: 1}}, admission: {zzzz: 1}}, "
          "engine: {name: e, zzzz: 1, limits: {zzzz: 1}, kv_events: {zzzz: 1}}, zzzz: 1]}}}",
      "f");
  std::set<std::string> known;
  for (const mistake& m : result.mistakes) {
    const auto list = m.text.find("allowed are ");
    ASSERT_NE(list, std::string::npos) << m.text;
    std::stringstream words{m.text.substr(list + 12)};
    for (std::string word; std::getline(words >> std::ws, word, ',');) known.insert(word);
  }
  EXPECT_EQ(known, schema_keys());
}

}  // namespace
}  // namespace troupe::config
