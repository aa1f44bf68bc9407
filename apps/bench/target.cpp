#include "apps/bench/target.hpp"

#include <utility>

#include "config/mistake.hpp"
#include "config/units.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps::bench {

namespace {

constexpr std::string_view scheme_end = "://";

caf::error mistake(std::string_view text, const std::string& what) {
  return make_failure(errc::invalid_config, "the endpoint " + config::quote(text) + " " + what);
}

// Splits `scheme://host:port/path` before its path.
std::pair<std::string_view, std::string_view> split_path(std::string_view url) {
  const auto scheme = url.find(scheme_end);
  const auto begin = scheme == std::string_view::npos ? 0 : scheme + scheme_end.size();
  const auto slash = std::min(url.find('/', begin), url.size());
  return {url.substr(0, slash), url.substr(slash)};
}

void strip(std::string_view& path, std::string_view end) {
  if (path.ends_with(end)) path.remove_suffix(end.size());
}

// The URL is known to be of the form http://HOST:PORT or https://HOST:PORT.
transport::http::endpoint endpoint_of(std::string_view url) {
  const std::string_view place = url.substr(url.find(scheme_end) + scheme_end.size());
  const auto colon = place.rfind(':');
  transport::http::endpoint at{std::string{place.substr(0, colon)}, 0};
  if (at.host.starts_with('[')) at.host = at.host.substr(1, at.host.size() - 2);
  at.port = static_cast<std::uint16_t>(*config::parse_count(place.substr(colon + 1)));
  return at;
}

}  // namespace

caf::expected<target> parse_target(std::string_view text) {
  target made;
  std::string_view url = text;
  const auto equals = text.find('=');
  if (equals != std::string_view::npos && equals < text.find(scheme_end)) {
    made.name = text.substr(0, equals);
    url = text.substr(equals + 1);
    if (!config::is_name(made.name)) {
      return mistake(text, "has a name that is not 1 to 63 letters, digits, '.', '_' or '-'");
    }
  }
  made.url = url;
  const auto [origin, rest] = split_path(url);
  if (const std::string what = config::url_mistake(origin); !what.empty()) {
    return mistake(url, what);
  }
  if (rest.find_first_of("?# ") != std::string_view::npos) {
    return mistake(url, "has a query or a blank; write http://HOST:PORT or http://HOST:PORT/v1");
  }
  made.at = endpoint_of(origin);
  std::string_view path = rest;
  strip(path, "/");
  strip(path, "/v1");
  made.path = path;
  if (made.name.empty()) made.name = origin.substr(origin.find(scheme_end) + scheme_end.size());
  return made;
}

}  // namespace troupe::apps::bench
