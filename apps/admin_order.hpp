// A request to the admin API, checked whole against the engines there are before anything is done.
//
// Pure, but for a look whether the files of an engine to be added are there.
#pragma once

#include <string>
#include <string_view>

#include "apps/admin_call.hpp"
#include "apps/engine_table.hpp"
#include "config/topology.hpp"

namespace troupe::apps {

struct admin_order {
  unsigned status = 0;          // of the refusal; 0: it is to be carried out
  std::string refusal{};        // its body
  admin_call call{};            // its engine is one of the table
  config::engine_spec added{};  // of verb add: a group without a conflict
};

// Reads what a request orders, or why it is refused.
admin_order read_order(const transport::http::request& message, std::string_view token,
                       const engine_table& engines);

}  // namespace troupe::apps
