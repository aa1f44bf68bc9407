// Which model a client means: aliases of models, and how a body names one instead of the other.
//
// Pure; immutable once made, so threads may share one. Bounds: those of the configuration file.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "config/topology.hpp"

namespace troupe::actors {

// Where something stands in a body; size 0: nowhere.
struct body_place {
  std::size_t at = 0;
  std::size_t size = 0;
};

class model_names {
 public:
  model_names() = default;
  explicit model_names(std::span<const config::model_spec> models);

  // Returns the model an alias stands for, or null where the name is none.
  const std::string* find(std::string_view alias) const;

  // All aliases, each with its model.
  const std::map<std::string, std::string, std::less<>>& aliases() const { return targets_; }

 private:
  std::map<std::string, std::string, std::less<>> targets_;
};

// Returns the body with another model named at this place, which is that of the name with its
// quotes; every other byte stays.
std::string with_model(std::string_view body, const body_place& place, std::string_view model);

// Returns a card of /v1/models under another name; `id` and nothing else differs.
std::string renamed_card(const std::string& card, const std::string& id);

}  // namespace troupe::actors
