#include "transport/http/error_reply.hpp"

#include <array>
#include <cstdint>

namespace troupe::transport::http {

namespace {

struct row {
  errc code;
  unsigned status;
  std::string_view type;
};

constexpr auto table = std::to_array<row>({
    {errc::invalid_config, 500, "InternalServerError"},
    {errc::invalid_request, 400, "BadRequestError"},
    {errc::unknown_model, 404, "NotFoundError"},
    {errc::not_found, 404, "NotFoundError"},
    {errc::method_not_allowed, 405, "MethodNotAllowedError"},
    {errc::payload_too_large, 413, "PayloadTooLargeError"},
    {errc::headers_too_large, 431, "HeadersTooLargeError"},
    {errc::overloaded, 503, "ServiceUnavailableError"},
    {errc::no_engine, 503, "ServiceUnavailableError"},
    {errc::connect_failed, 502, "BadGatewayError"},
    {errc::connection_lost, 502, "BadGatewayError"},
    {errc::timeout, 504, "GatewayTimeoutError"},
    {errc::protocol_error, 502, "BadGatewayError"},
    {errc::cancelled, 503, "ServiceUnavailableError"},
    {errc::malformed_file, 500, "InternalServerError"},
    {errc::unsupported, 400, "BadRequestError"},
    {errc::io_error, 500, "InternalServerError"},
    {errc::exceeds_kv, 400, "BadRequestError"},
    {errc::process_died, 502, "BadGatewayError"},
});

const row& row_of(errc code) {
  for (const auto& r : table) {
    if (r.code == code) return r;
  }
  return table.front();
}

// Length of the UTF-8 sequence at the start of the text; 0 where it is malformed.
std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  auto lead = byte(0);
  if (lead < 0x80) return 1;
  auto length = lead >= 0xF0 ? 4U : lead >= 0xE0 ? 3U : 2U;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  auto second = byte(1);
  bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  return overlong || beyond ? 0 : length;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += hex[static_cast<std::uint8_t>(c) >> 4];
      out += hex[static_cast<std::uint8_t>(c) & 15];
  }
}

}  // namespace

unsigned status_of(errc code) {
  return row_of(code).status;
}

std::string_view type_of(errc code) {
  return row_of(code).type;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    auto length = utf8_length(text);
    auto c = text.front();
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      length = 1;
    } else if (length == 1 && (c == '"' || c == '\\' || static_cast<std::uint8_t>(c) < 0x20)) {
      append_escaped(out, c);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  out += '"';
}

std::string error_body(errc code, std::string_view message, std::string_view param) {
  const auto& r = row_of(code);
  std::string out = R"({"error":{"message":)";
  append_json_string(out, message);
  out += R"(,"type":)";
  append_json_string(out, r.type);
  out += R"(,"param":)";
  if (param.empty()) {
    out += "null";
  } else {
    append_json_string(out, param);
  }
  out += R"(,"code":)" + std::to_string(r.status) + "}}";
  return out;
}

std::string error_event(errc code, std::string_view message) {
  return "data: " + error_body(code, message) + "\n\n";
}

}  // namespace troupe::transport::http
