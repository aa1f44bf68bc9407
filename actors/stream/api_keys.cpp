#include "actors/stream/api_keys.hpp"

#include <algorithm>
#include <utility>

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

// What a bucket lets through: so much a second, so much at once.
struct rate {
  double per_second;
  double burst;
};

rate requests_of(const config::api_key_spec& spec) {
  return {static_cast<double>(spec.requests_per_s),
          static_cast<double>(std::max<std::uint32_t>(spec.requests_per_s, 1))};
}

rate tokens_of(const config::api_key_spec& spec) {
  const auto a_minute = static_cast<double>(spec.tokens_per_min);
  return {a_minute / 60, a_minute};
}

token_bucket full_bucket(const rate& at) {
  return {at.per_second, at.burst};
}

sha256_digest digest_of(const config::api_key_spec& spec) {
  const auto digest = digest_from_hex(spec.sha256);
  TROUPE_ASSERT(digest);  // the configuration has checked it
  return *digest;
}

}  // namespace

api_key::api_key(const config::api_key_spec& spec)
    : spec_{spec},
      digest_{digest_of(spec)},
      tokens_burst_{tokens_of(spec).burst},
      rates_{new rates{full_bucket(requests_of(spec)), full_bucket(tokens_of(spec))}} {}

api_key::api_key(const config::api_key_spec& spec, const api_key& before, time_point now)
    : spec_{spec},
      digest_{digest_of(spec)},
      tokens_burst_{tokens_of(spec).burst},
      rates_{before.rates_} {
  const auto requests = requests_of(spec), tokens = tokens_of(spec);
  rates_->requests.set_rate(now, requests.per_second, requests.burst);
  rates_->tokens.set_rate(now, tokens.per_second, tokens.burst);
}

bool api_key::may_use(std::string_view model) const {
  return spec_.models.empty() ||
         std::find(spec_.models.begin(), spec_.models.end(), model) != spec_.models.end();
}

// No more than the burst was really taken.
void api_key::settle_tokens(time_point now, double taken, double used) {
  rates_->tokens.charge(now, used - std::min(taken, tokens_burst_));
}

api_keys::api_keys(const std::vector<config::api_key_spec>& specs)
    : keys_{std::make_shared<const key_list>()} {
  replace(specs, {});
}

std::shared_ptr<const api_keys::key_list> api_keys::current() const {
  std::lock_guard lock{mutex_};
  return keys_;
}

std::shared_ptr<api_key> api_keys::find(std::string_view authorization) const {
  const auto shown = key_of(authorization);
  if (shown.empty()) return nullptr;
  const auto digest = sha256(shown);
  const auto keys = current();
  std::shared_ptr<api_key> found;
  for (const auto& key : *keys) {
    if (key->matches(digest)) found = key;
  }
  return found;
}

void api_keys::replace(const std::vector<config::api_key_spec>& specs, time_point now) {
  std::lock_guard lock{mutex_};
  auto fresh = std::make_shared<key_list>();
  for (const auto& spec : specs) {
    const auto before = std::find_if(keys_->begin(), keys_->end(),
                                     [&](const auto& key) { return key->name() == spec.name; });
    fresh->push_back(before == keys_->end() ? std::make_shared<api_key>(spec)
                                            : std::make_shared<api_key>(spec, **before, now));
  }
  keys_ = std::move(fresh);
}

}  // namespace troupe::actors
