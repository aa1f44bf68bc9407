#include "runtime/orderly_end.hpp"

#include <utility>

#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>

namespace troupe {

namespace {

constexpr auto category = caf::atom("orderly");

}  // namespace

caf::error orderly_end(std::string text) {
  return {1, category, caf::make_message(std::move(text))};
}

bool is_orderly(const caf::error& reason) {
  return !reason || reason == caf::exit_reason::normal ||
         reason == caf::exit_reason::user_shutdown || reason.category() == category;
}

}  // namespace troupe
