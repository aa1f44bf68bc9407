// The API's switches of the engine: sleep, wake up, forget the prefix cache, end requests.
//
// Asleep (level 1, the only one), the engine keeps its weights, gives back the memory of the KV and
// answers 503 to what generates.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/embedded/serve/api_context.hpp"
#include "engine/embedded/serve/field_reader.hpp"

namespace troupe::engine {

// Body of GET /is_sleeping.
std::string is_sleeping_body(const api_context& context);

// POST /sleep?level=1&mode=abort: ends what runs. Returns what is wrong with the query.
std::optional<api_error> put_to_sleep(std::string_view query, const api_context& context);

// POST /wake_up?tags=kv_cache: takes requests again. Returns what is wrong with the query.
std::optional<api_error> wake_up(std::string_view query, const api_context& context);

// POST /reset_prefix_cache: drops the cached blocks no running request uses.
std::optional<api_error> reset_prefix_cache(std::string_view query, const api_context& context);

// Answer of POST /inference/v1/abort_requests: ends the answers to `request_ids`, those under way.
std::string abort_requests(field_reader& fields, const api_context& context);

}  // namespace troupe::engine
