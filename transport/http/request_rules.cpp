#include "transport/http/request_rules.hpp"

#include <algorithm>

namespace troupe::transport::http {

namespace {

// Room of a request line for what is not its target: a method, a version, two spaces.
constexpr std::size_t line_extra_bytes = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_version(std::string_view word) {
  return word.size() == 8 && word.starts_with("HTTP/") && is_digit(word[5]) && word[6] == '.' &&
         is_digit(word[7]);
}

// Visible ASCII, but for the mark of a fragment, which stays with the client (RFC 9112, 3.2.1).
bool is_target_char(char c) {
  return c > 0x20 && c < 0x7f && c != '#';
}

// Characters of a host name, an address in brackets, and a port. Commas are grammatical in a name
// but in no name that exists; they are how two Host fields look that something joined.
bool is_host_char(char c) {
  constexpr std::string_view others = "-._~!$&'()*+;=%:[]";
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         others.find(c) != std::string_view::npos;
}

bool is_host(std::string_view value) {
  if (!std::all_of(value.begin(), value.end(), is_host_char)) return false;
  const auto bracket = value.rfind(']');
  const auto colon = value.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return true;
  const auto port = value.substr(colon + 1);
  return port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

refusal target_too_long(const config::http_limits& limits) {
  return {414, "The request target is over " + std::to_string(limits.target_bytes_max) + " bytes."};
}

// Splits "http://host/path" and leaves the path; a client says the same host in its Host field.
refusal take_absolute_target(request& message) {
  const std::string_view whole = message.target;
  const auto scheme = whole.find("://");
  const bool is_http =
      same_token(whole.substr(0, scheme), "http") || same_token(whole.substr(0, scheme), "https");
  if (scheme == std::string_view::npos || !is_http) {
    return {400, "The request target is neither a path nor an http URL."};
  }
  const auto rest = whole.substr(scheme + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.empty() || !is_host(authority)) {
    return {400, "The request target names no valid host."};
  }
  if (message.fields.contains("host") && !same_token(authority, message.fields.find("host"))) {
    return {400, "The request target and the Host field name different hosts."};
  }
  const auto path = rest.substr(authority.size());
  message.target = path.starts_with('/') ? std::string{path} : "/" + std::string{path};
  return {};
}

refusal judge_target(request& message) {
  const std::string_view target = message.target;
  if (message.method == "CONNECT") return {501, "There are no tunnels here."};
  if (!std::all_of(target.begin(), target.end(), is_target_char)) {
    return {400, "The request target holds a character that must be percent-encoded."};
  }
  if (target.starts_with('/')) return {};
  if (target == "*") {
    if (message.method == "OPTIONS") return {};
    return {400, "Only OPTIONS may ask for '*'."};
  }
  return take_absolute_target(message);
}

refusal judge_host(const request& message, const head_facts& facts) {
  if (facts.hosts > 1 || (facts.hosts == 0 && facts.http_1_1)) {
    return {400, "The request needs one Host field."};
  }
  if (!is_host(message.fields.find("host"))) return {400, "The Host field is malformed."};
  return {};
}

}  // namespace

refusal judge_line_length(std::string_view line, const config::http_limits& limits) {
  if (line.size() <= limits.target_bytes_max + line_extra_bytes) return {};
  return target_too_long(limits);
}

refusal refusal_of_version(std::string_view line) {
  const auto word = line.substr(line.rfind(' ') + 1);
  if (is_version(word) && word != "HTTP/1.1" && word != "HTTP/1.0") {
    return {505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."};
  }
  return {400, "The request line is malformed."};
}

refusal judge_head(request& message, const head_facts& facts, const config::http_limits& limits) {
  if (message.target.size() > limits.target_bytes_max) return target_too_long(limits);
  if (facts.lengths > 1) return {400, "The request has more than one Content-Length."};
  if (facts.unknown_coding) return {501, "The only transfer coding understood here is chunked."};
  if (facts.has_coding && !facts.http_1_1) return {400, "HTTP/1.0 has no transfer codings."};
  if (auto why = judge_host(message, facts); why.status != 0) return why;
  if (auto why = judge_target(message); why.status != 0) return why;
  if (facts.unknown_expectation) {
    return {417, "The only expectation understood here is 100-continue."};
  }
  return {};
}

}  // namespace troupe::transport::http
