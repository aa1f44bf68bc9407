// The one error enum: an enumerator exists only where a caller reacts to it differently.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <caf/error.hpp>
#include <caf/expected.hpp>

namespace troupe {

enum class errc : std::uint8_t {
  invalid_config = 1,  // A file or flag is wrong: show the text to the user and stop.
  invalid_request,     // The client's request breaks its contract: answer 400, do not retry.
  unknown_model,       // No engine serves the model asked for: answer 404.
  not_found,           // No such path or name: answer 404.
  method_not_allowed,  // The path exists, with another method: answer 405.
  payload_too_large,   // A body, file or frame is over its limit: answer 413, do not retry.
  headers_too_large,   // Header or request line over its limit: answer 431.
  overloaded,          // A bounded queue is full: answer 503, retry later.
  too_many_requests,   // More work than is taken on now: answer 429, retry after the time it names.
  no_engine,           // All engines of the model are down: answer 503, retry later.
  connect_failed,      // The peer took no byte: the same request may go elsewhere.
  connection_lost,     // The peer went away in mid-message: retry only what nobody has seen.
  timeout,             // The deadline passed: treat like connection_lost.
  protocol_error,      // The peer sent bytes that break its protocol: close, do not retry there.
  cancelled,           // The client left or the node stops: nobody waits for the answer.
  malformed_file,      // A model or data file is broken; the text names the tensor or key.
  unsupported,         // Well-formed, but not something we do; the text names it.
  io_error,            // The operating system refused; the text holds its reason.
  exceeds_kv,          // The sequence can never fit the engine's KV pool: answer 400.
  process_died,        // A child process ended: its supervisor decides.
};

// Returns the enumerator's name, as logs and error bodies spell it.
std::string to_string(errc code);

// CAF's hook: lets an errc convert to caf::error, category "troupe".
caf::error make_error(errc code);

// Makes an error that carries a sentence for the person who reads it.
caf::error make_failure(errc code, std::string text);

// The same, with the seconds after which trying again may help.
caf::error make_refusal(errc code, std::string text, std::uint32_t retry_after_s);

// Returns the seconds of an error made by make_refusal.
std::optional<std::uint32_t> retry_after_s(const caf::error& error);

// Returns the sentence of an error made by make_failure, or CAF's own rendering.
std::string failure_text(const caf::error& error);

// Returns the code of an error, or the given one where it is not of our enum.
errc failure_code(const caf::error& error, errc otherwise);

}  // namespace troupe
