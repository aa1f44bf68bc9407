#include "engine/embedded/serve/api_control.hpp"

#include <vector>

#include "runtime/request_ids.hpp"

namespace troupe::engine {

namespace {

struct parameter {
  std::string name;
  std::string value;
};

std::vector<parameter> split(std::string_view query) {
  std::vector<parameter> list(1);
  bool in_value = false;
  for (const char c : query) {
    if (c == '&') {
      list.emplace_back();
      in_value = false;
    } else if (c == '=' && !in_value) {
      in_value = true;
    } else {
      (in_value ? list.back().value : list.back().name) += c;
    }
  }
  return list;
}

api_error unsupported(const std::string& name, const std::string& message) {
  return {errc::unsupported, message, name};
}

}  // namespace

std::string is_sleeping_body(const api_context& context) {
  return context.engine->is_sleeping() ? R"({"is_sleeping":true})" : R"({"is_sleeping":false})";
}

std::optional<api_error> put_to_sleep(std::string_view query, const api_context& context) {
  for (const auto& [name, value] : split(query)) {
    if (name == "level" && value != "1") {
      return unsupported(name, "level must be 1: this engine keeps its weights, got " + value);
    }
    if (name == "mode" && value != "abort") {
      return unsupported(name, "mode must be abort, got " + value);
    }
  }
  context.engine->sleep();
  return std::nullopt;
}

std::optional<api_error> wake_up(std::string_view query, const api_context& context) {
  bool names_any = false, names_kv = false;
  for (const auto& [name, value] : split(query)) {
    if (name != "tags") continue;
    names_any = true;
    names_kv = names_kv || value == "kv_cache";
    if (value != "kv_cache" && value != "weights") {
      return unsupported(name, "tags must be kv_cache or weights, got " + value);
    }
  }
  // The weights never went; without its KV the engine still cannot answer.
  if (names_kv || !names_any) context.engine->wake_up();
  return std::nullopt;
}

std::optional<api_error> reset_prefix_cache(std::string_view, const api_context& context) {
  context.engine->reset_prefix_cache();
  return std::nullopt;
}

std::string abort_requests(field_reader& fields, const api_context& context) {
  if (fields.find("request_ids") == nullptr) {
    fields.refuse("request_ids", "Missing 'request_ids' in request body");
    return {};
  }
  const auto ids = fields.texts("request_ids", context.limits.queued_requests_max,
                                request_id_bytes_max + std::string_view{"generate-tokens-"}.size());
  if (fields.fault()) return {};
  for (const auto& id : ids) context.answers->abort(id);
  return {};
}

}  // namespace troupe::engine
