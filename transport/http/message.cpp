#include "transport/http/message.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::transport::http {

namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr auto phrases = std::to_array<std::pair<unsigned, std::string_view>>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
});

constexpr std::size_t chunk_extension_bytes_max = 256;

constexpr auto hop_by_hop = std::to_array<std::string_view>({
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
});

// A bit for each length that one of these names has: most names are none of them by their length.
constexpr std::uint32_t hop_by_hop_lengths = [] {
  std::uint32_t lengths = 0;
  for (const auto name : hop_by_hop) lengths |= 1U << name.size();
  return lengths;
}();

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

auto named(std::string_view name) {
  return [name](const field& f) { return same_token(f.name, name); };
}

}  // namespace

void fields::add(std::string_view name, std::string_view value) {
  list_.push_back({std::string{name}, std::string{value}});
}

void fields::set(std::string_view name, std::string_view value) {
  const auto first = std::find_if(list_.begin(), list_.end(), named(name));
  if (first == list_.end()) return add(name, value);
  first->value = value;
  list_.erase(std::remove_if(first + 1, list_.end(), named(name)), list_.end());
}

void fields::erase(std::string_view name) {
  std::erase_if(list_, named(name));
}

std::string_view fields::find(std::string_view name) const {
  const auto first = std::find_if(list_.begin(), list_.end(), named(name));
  return first == list_.end() ? std::string_view{} : std::string_view{first->value};
}

bool fields::contains(std::string_view name) const {
  return std::any_of(list_.begin(), list_.end(), named(name));
}

std::string_view request::path() const {
  const std::string_view whole = target;
  return whole.substr(0, whole.find('?'));
}

std::string_view reason_phrase(unsigned status) {
  for (const auto& [code, phrase] : phrases) {
    if (code == status) return phrase;
  }
  return "Unknown";
}

bool same_token(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_plain_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_plain_extension(std::string_view extensions) {
  return extensions.size() <= chunk_extension_bytes_max &&
         std::all_of(extensions.begin(), extensions.end(),
                     [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_hop_by_hop(std::string_view name) {
  if (name.size() >= 32 || (hop_by_hop_lengths >> name.size() & 1U) == 0) return false;
  return std::any_of(hop_by_hop.begin(), hop_by_hop.end(),
                     [name](std::string_view each) { return same_token(name, each); });
}

void drop_connection_fields(fields& message) {
  std::vector<std::string> named;
  for (const auto& [name, value] : message) {
    if (!same_token(name, "connection")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      named.emplace_back(trimmed(rest.substr(0, comma)));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  message.erase_if([&named](const field& f) {
    return is_hop_by_hop(f.name) || std::any_of(named.begin(), named.end(), [&f](const auto& each) {
             return same_token(each, f.name);
           });
  });
}

}  // namespace troupe::transport::http
