#include "config/units.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace troupe::config {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kib = 1024;
constexpr std::array<unit, 11> byte_units{{{"TiB", kib* kib* kib* kib},
                                           {"GiB", kib* kib* kib},
                                           {"MiB", kib* kib},
                                           {"KiB", kib},
                                           {"TB", 1'000'000'000'000},
                                           {"GB", 1'000'000'000},
                                           {"MB", 1'000'000},
                                           {"kB", 1'000},
                                           {"KB", 1'000},
                                           {"B", 1},
                                           {"", 1}}};
constexpr std::array<unit, 4> duration_units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

template <std::size_t N>
std::optional<std::uint64_t> parse_with_unit(std::string_view text,
                                             const std::array<unit, N>& units) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  const auto number = parse_count(text.substr(0, digits));
  if (!number) return std::nullopt;
  std::string_view rest = text.substr(digits);
  if (rest.size() > 1 && rest.front() == ' ') rest.remove_prefix(1);
  for (const unit& u : units) {
    if (rest != u.name) continue;
    if (*number > std::numeric_limits<std::uint64_t>::max() / u.factor) return std::nullopt;
    return *number * u.factor;
  }
  return std::nullopt;
}

bool is_ipv4(const std::string& text) {
  in_addr parsed{};
  return inet_pton(AF_INET, text.c_str(), &parsed) == 1;
}

bool is_ipv6(const std::string& text) {
  in6_addr parsed{};
  return inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto number = parse_count(text);
  if (!number || *number > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

// Splits `host:port` and `[v6]:port`; the port is empty where there is none.
std::optional<std::pair<std::string_view, std::string_view>> split_port(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    return std::pair{text.substr(1, end - 1), rest.empty() ? rest : rest.substr(1)};
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::pair{text, std::string_view{}};
  return std::pair{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  return parse_with_unit(text, byte_units);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value = parse_with_unit(text, duration_units);
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!value || *value > most) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(*value)};
}

std::optional<std::string> parse_address(std::string_view text) {
  if (text == "localhost") return "127.0.0.1";
  std::string address{text};
  if (address.find('\0') != std::string::npos) return std::nullopt;
  if (is_ipv4(address) || is_ipv6(address)) return address;
  return std::nullopt;
}

std::optional<socket_address> parse_listen(std::string_view text) {
  const auto parts = split_port(text);
  if (!parts) return std::nullopt;
  const auto address = parse_address(parts->first);
  const auto port = parse_port(parts->second);
  if (!address || !port) return std::nullopt;
  const bool is_bracketed = text.starts_with('[');
  const bool is_v6 = address->find(':') != std::string::npos;
  if (is_bracketed != is_v6) return std::nullopt;
  return socket_address{*address, *port};
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  if (!is_alphanumeric(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
}

std::optional<peer_address> parse_peer(std::string_view text) {
  const auto parts = split_port(text);
  if (!parts) return std::nullopt;
  const std::string host{parts->first};
  const auto port = parse_port(parts->second);
  if (!port || *port == 0) return std::nullopt;
  if (text.starts_with('[') ? !is_ipv6(host) : !is_host_name(host)) return std::nullopt;
  return peer_address{host, *port};
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

std::string url_mistake(std::string_view url) {
  const auto scheme = url.substr(0, std::min(url.find("://"), url.size()));
  if (scheme != "http" && scheme != "https") {
    return "is not of the form http://HOST:PORT or https://HOST:PORT";
  }
  std::string_view rest = url.substr(scheme.size() + 3);
  const auto path = rest.find_first_of("/?#");
  if (path != std::string_view::npos) {
    if (rest.substr(path) != "/") {
      return "has a path; write http://HOST:PORT only (the path, such as /v1, comes from the "
             "request)";
    }
    rest.remove_suffix(1);
  }
  if (rest.find('@') != std::string_view::npos) {
    return "holds a user name or password, which is not supported; write http://HOST:PORT";
  }
  const auto parts = split_port(rest);
  const bool is_bracketed = rest.starts_with('[');
  if (!parts ||
      (is_bracketed ? !is_ipv6(std::string{parts->first}) : !is_host_name(parts->first))) {
    return "has no valid host; write http://HOST:PORT";
  }
  if (parts->second.empty()) return "has no port; write http://HOST:PORT";
  const auto port = parse_port(parts->second);
  if (!port || *port == 0) return "has a port that is not within 1 to 65535";
  return {};
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 63 || !is_alphanumeric(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

std::string format_bytes(std::uint64_t bytes) {
  const unit* best = &byte_units[9];  // B
  for (const unit& u : byte_units) {
    if (bytes != 0 && bytes % u.factor == 0 && u.factor > best->factor) best = &u;
  }
  return std::to_string(bytes / best->factor) + std::string{best->name};
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  for (std::size_t i = duration_units.size() - 1; i > 0 && count != 0; --i) {
    const unit& u = duration_units[i];
    if (count % u.factor == 0) return std::to_string(count / u.factor) + std::string{u.name};
  }
  return std::to_string(count) + "ms";
}

std::string format_listen(const socket_address& address) {
  const bool is_v6 = address.address.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + address.address + "]" : address.address;
  return host + ":" + std::to_string(address.port);
}

}  // namespace troupe::config
