#include "actors/stream/api_keys.hpp"

#include <algorithm>

#include "runtime/assert.hpp"
#include "transport/http/message.hpp"

namespace troupe::actors {

namespace {

constexpr std::string_view scheme = "Bearer ";

// The key within the field's value; empty: the field is of another form.
std::string_view key_of(std::string_view authorization) {
  const auto word = authorization.substr(0, scheme.size());
  if (!transport::http::same_token(word, scheme)) return {};
  const auto rest = authorization.substr(scheme.size());
  const auto first = rest.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{} : rest.substr(first);
}

}  // namespace

api_key::api_key(const config::api_key_spec& spec)
    : spec_{spec},
      tokens_burst_{static_cast<double>(spec.tokens_per_min)},
      requests_{static_cast<double>(spec.requests_per_s),
                static_cast<double>(std::max<std::uint32_t>(spec.requests_per_s, 1))},
      tokens_{tokens_burst_ / 60, tokens_burst_} {
  const auto digest = digest_from_hex(spec.sha256);
  TROUPE_ASSERT(digest);  // the configuration has checked it
  digest_ = *digest;
}

bool api_key::may_use(std::string_view model) const {
  return spec_.models.empty() ||
         std::find(spec_.models.begin(), spec_.models.end(), model) != spec_.models.end();
}

// No more than the burst was really taken.
void api_key::settle_tokens(time_point now, double taken, double used) {
  tokens_.charge(now, used - std::min(taken, tokens_burst_));
}

api_keys::api_keys(const std::vector<config::api_key_spec>& specs) {
  for (const auto& spec : specs) keys_.emplace_back(spec);
}

api_key* api_keys::find(std::string_view authorization) {
  const auto shown = key_of(authorization);
  if (shown.empty()) return nullptr;
  const auto digest = sha256(shown);
  api_key* found = nullptr;
  for (auto& key : keys_) {
    if (key.matches(digest)) found = &key;
  }
  return found;
}

}  // namespace troupe::actors
