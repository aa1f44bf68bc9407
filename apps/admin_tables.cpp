#include "apps/admin_tables.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace troupe::apps {

namespace {

using json = nlohmann::json;

struct column {
  const char* title;
  const char* key;
};

std::string list_of(const json& items) {
  std::string all;
  for (const auto& [key, item] : items.items()) {
    const auto word = item.is_string() ? item.get<std::string>() : item.dump();
    all += (all.empty() ? "" : ",") + (items.is_object() ? key + "=" : "") + word;
  }
  return all.empty() ? "-" : all;
}

std::string text_of(const json& row, const char* key) {
  const auto found = row.find(key);
  if (found == row.end() || found->is_null()) return "-";
  if (found->is_string())
    return found->get<std::string>().empty() ? "-" : found->get<std::string>();
  if (found->is_structured()) return list_of(*found);
  if (found->is_boolean()) return found->get<bool>() ? "yes" : "no";
  if (found->is_number_float()) {
    return std::to_string(static_cast<int>(found->get<double>() * 100 + 0.5)) + "%";
  }
  return found->dump();
}

std::string table_of(const json& entries, const std::vector<column>& columns) {
  std::vector<std::vector<std::string>> rows(1);
  for (const auto& each : columns) rows.back().emplace_back(each.title);
  for (const auto& entry : entries) {
    rows.emplace_back();
    for (const auto& each : columns) rows.back().push_back(text_of(entry, each.key));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::size_t width = 0;
      for (const auto& other : rows) width = std::max(width, other[i].size());
      out += row[i];
      if (i + 1 < row.size()) out += std::string(width + 2 - row[i].size(), ' ');
    }
    out += '\n';
  }
  return out;
}

// True where all of these are lists of objects, as an answer has them.
bool has_lists(const json& page, std::initializer_list<const char*> keys) {
  if (!page.is_object()) return false;
  return std::ranges::all_of(keys, [&](const char* key) {
    const auto found = page.find(key);
    return found != page.end() && found->is_array() &&
           std::ranges::all_of(*found, [](const json& entry) { return entry.is_object(); });
  });
}

std::string engines_part(const json& page) {
  const auto& engines = page["engines"];
  const auto router = text_of(page, "router");
  const auto whose = router == "-" ? ", of this node; no router is known:\n"
                                   : ", as the router of '" + router + "' knows them:\n";
  if (engines.empty()) return "\nno engines" + whose.substr(0, whose.size() - 2) + "\n";
  return "\nengines" + whose +
         table_of(engines, {{"NAME", "name"},
                            {"STATE", "state"},
                            {"REQUESTS", "requests"},
                            {"IN FLIGHT", "in_flight"},
                            {"KV", "kv_usage"},
                            {"MODELS", "models"}});
}

}  // namespace

std::string engines_table(std::string_view page) {
  const auto parsed = json::parse(page, nullptr, false);
  if (!has_lists(parsed, {"engines"})) return std::string{page};
  return table_of(parsed["engines"], {{"NAME", "name"},
                                      {"STATE", "state"},
                                      {"WEIGHT", "weight"},
                                      {"REQUESTS", "requests"},
                                      {"IN FLIGHT", "in_flight"},
                                      {"KV", "kv_usage"},
                                      {"MODELS", "models"}});
}

std::string status_tables(std::string_view page) {
  const auto parsed = json::parse(page, nullptr, false);
  if (!has_lists(parsed, {"nodes", "links", "engines"})) return std::string{page};
  const auto cluster = text_of(parsed, "cluster");
  std::string out = "node '" + text_of(parsed, "node") + "' ";
  out += cluster == "-" ? "is in no cluster\n\n" : "sees of cluster '" + cluster + "':\n\n";
  out += table_of(parsed["nodes"], {{"NODE", "name"},
                                    {"STATE", "state"},
                                    {"SUSPECTED BY", "suspected_by"},
                                    {"ROLES", "roles"},
                                    {"LABELS", "labels"},
                                    {"ENDPOINT", "endpoint"},
                                    {"INCARNATION", "incarnation"}});
  if (!parsed["links"].empty()) {
    out += "\n" + table_of(parsed["links"], {{"LINK TO", "peer"},
                                             {"UP", "up"},
                                             {"SENT", "sent"},
                                             {"RECEIVED", "received"},
                                             {"GAPS", "gaps"},
                                             {"QUEUED BYTES", "queued_bytes"}});
  }
  out += engines_part(parsed);
  return out + "\nactors of this node: " + text_of(parsed, "actors") + "\n";
}

}  // namespace troupe::apps
