#include "actors/router/model_names.hpp"

#include <nlohmann/json.hpp>

#include "runtime/assert.hpp"
#include "runtime/json_string.hpp"

namespace troupe::actors {

model_names::model_names(std::span<const config::model_spec> models) {
  for (const auto& model : models) {
    for (const auto& alias : model.aliases) targets_.emplace(alias, model.name);
  }
}

const std::string* model_names::find(std::string_view alias) const {
  const auto found = targets_.find(alias);
  return found == targets_.end() ? nullptr : &found->second;
}

std::string with_model(std::string_view body, const body_place& place, std::string_view model) {
  TROUPE_ASSERT(place.at + place.size <= body.size());
  std::string out;
  out.reserve(body.size() + model.size() + 2);
  out += body.substr(0, place.at);
  append_json_string(out, model);
  out += body.substr(place.at + place.size);
  return out;
}

std::string renamed_card(const std::string& card, const std::string& id) {
  auto parsed = nlohmann::ordered_json::parse(card, nullptr, false);
  if (!parsed.is_object()) parsed = {{"id", id}, {"object", "model"}};
  parsed["id"] = id;
  return parsed.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace troupe::actors
