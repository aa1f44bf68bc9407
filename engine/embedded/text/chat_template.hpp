// A model's chat template (Jinja), parsed once and rendered per request.
//
// Thread: immutable after parse, so any thread may render.
// Bounds: output bytes, loop iterations and nesting are limited; a template that exceeds them is an
// error, never a hang.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "runtime/errc.hpp"

namespace troupe::engine {

class chat_template {
 public:
  // Errors: malformed_file with line and column of the template; unsupported names the construct.
  static caf::expected<std::unique_ptr<chat_template>> parse(std::string_view source);
  ~chat_template();

  // Renders with the given variables (an object: messages, tools, add_generation_prompt, bos_token,
  // …). Errors: invalid_request when the template raises an exception or messages do not fit it.
  caf::expected<std::string> render(const nlohmann::json& variables) const;

  // The same, with the order of keys as it came: templates that print tools as JSON show it. The
  // variable now_unix_s, if there, gives the template strftime_now (UTC).
  caf::expected<std::string> render(const nlohmann::ordered_json& variables) const;

 private:
  struct state;
  explicit chat_template(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace troupe::engine
