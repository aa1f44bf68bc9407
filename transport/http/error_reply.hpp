// Where errors meet HTTP: the one table of status codes, and the error body OpenAI clients expect.
#pragma once

#include <string>
#include <string_view>

#include "runtime/errc.hpp"

namespace troupe::transport::http {

// Status code of an error, for an answer that has not begun.
unsigned status_of(errc code);

// Name of the error's class as OpenAI's API and vLLM spell it ("BadRequestError", …).
std::string_view type_of(errc code);

// Body: {"error":{"message":…,"type":…,"param":…,"code":…}}; `param` names the field at fault, or
// is empty. `status` goes into "code", as vLLM does.
std::string error_body(errc code, std::string_view message, std::string_view param = {});

// The same as one server-sent event, for a stream that has begun.
std::string error_event(errc code, std::string_view message);

// A refusal as OpenAI's API spells it, for what its clients know by its code.
struct api_refusal {
  unsigned status;
  std::string_view type;
  std::string_view code;
};

inline constexpr api_refusal invalid_api_key{401, "invalid_request_error", "invalid_api_key"};
inline constexpr api_refusal model_not_found{404, "invalid_request_error", "model_not_found"};
inline constexpr api_refusal requests_exceeded{429, "requests", "rate_limit_exceeded"};
inline constexpr api_refusal tokens_exceeded{429, "tokens", "rate_limit_exceeded"};

// Its body, with the code's name in "code".
std::string error_body(const api_refusal& why, std::string_view message);

// Body of the refusal of what is no valid HTTP request, for a status HTTP itself asks for.
std::string refusal_body(unsigned status, std::string_view message);

}  // namespace troupe::transport::http
