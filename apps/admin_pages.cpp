#include "apps/admin_pages.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "config/topology_names.hpp"

namespace troupe::apps {

namespace {

using json = nlohmann::ordered_json;

json names_of(const std::vector<config::engine_spec>& engines) {
  json names = json::array();
  for (const auto& engine : engines) names.push_back(engine.name);
  return names;
}

json entry_of(const config::engine_spec& engine, const actors::engine_status* status) {
  json entry{{"name", engine.name},
             {"kind", to_string(engine.kind)},
             {"state", engine_word(status)},
             {"weight", status == nullptr ? engine.weight : status->settings.weight}};
  if (engine.kind == config::engine_kind::openai) entry["url"] = engine.url;
  const actors::engine_status nothing{};
  const auto& known = status == nullptr ? nothing : *status;
  entry["requests_max"] = known.settings.requests_max;
  entry["requests"] = known.load;
  entry["in_flight"] = known.leases;
  entry["kv_usage"] = known.kv_usage;
  entry["kv_tokens_max"] = known.kv_tokens_max;
  entry["models"] = known.models;
  return entry;
}

}  // namespace

std::string_view engine_word(const actors::engine_status* status) {
  if (status == nullptr) return "starting";
  if (status->settings.draining) return status->leases == 0 ? "drained" : "draining";
  if (status->up) return "up";
  return status->models.empty() ? "starting" : "down";
}

std::string engines_page(const std::map<std::string, config::engine_spec>& running,
                         const std::set<std::string>& leaving,
                         const std::vector<actors::engine_status>& known) {
  json engines = json::array();
  for (const auto& [name, engine] : running) {
    const auto status = std::ranges::find(known, name, &actors::engine_status::name);
    engines.push_back(entry_of(engine, status == known.end() ? nullptr : &*status));
    engines.back()["leaving"] = leaving.contains(name);
  }
  return json{{"engines", std::move(engines)}}.dump() + "\n";
}

std::string engine_page(std::string_view engine, std::string_view state) {
  return json{{"engine", engine}, {"state", state}}.dump() + "\n";
}

std::string change_page(const config::topology_change& change) {
  return json{{"added", names_of(change.added)},
              {"replaced", names_of(change.replaced)},
              {"resettled", names_of(change.resettled)},
              {"removed", change.removed},
              {"router", change.router},
              {"stream", change.stream},
              {"tls", change.tls},
              {"placed", change.placed},
              {"api_keys",
               {{"added", change.api_keys.added},
                {"changed", change.api_keys.changed},
                {"removed", change.api_keys.removed}}},
              {"needs_start", change.needs_start}}
             .dump() +
         "\n";
}

}  // namespace troupe::apps
