#include "tests/actors/router/cluster_sim.hpp"

#include <algorithm>
#include <list>
#include <numeric>
#include <queue>
#include <random>
#include <string>
#include <unordered_map>

#include "actors/router/prefix_hash.hpp"
#include "actors/router/router_core.hpp"
#include "runtime/assert.hpp"

namespace troupe::actors::sim {
namespace {

constexpr double bytes_per_token = 4;
constexpr std::uint32_t tokens_per_chunk = 16;
constexpr double prefill_fixed_s = 5e-3;
constexpr double prefill_token_s = 50e-6;
constexpr double decode_token_s = 10e-3;

time_point at(double seconds) {
  return time_point{} + std::chrono::nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
}

// A block cache as engines have it: least recently used out first, leaves before what they hang
// off.
class lru_cache {
 public:
  explicit lru_cache(std::size_t chunks_max) : chunks_max_{chunks_max} {}

  std::uint32_t match(const std::vector<chunk_hash>& chain) const {
    std::uint32_t n = 0;
    while (n < chain.size() && places_.contains(chain[n])) ++n;
    return n;
  }

  void insert(const std::vector<chunk_hash>& chain) {
    for (auto hash = chain.rbegin(); hash != chain.rend(); ++hash) {
      if (const auto found = places_.find(*hash); found != places_.end())
        order_.erase(found->second);
      order_.push_front(*hash);
      places_[*hash] = order_.begin();
    }
    for (; order_.size() > chunks_max_; order_.pop_back()) places_.erase(order_.back());
  }

 private:
  std::size_t chunks_max_;
  std::list<chunk_hash> order_;
  std::unordered_map<chunk_hash, std::list<chunk_hash>::iterator> places_;
};

struct user {
  std::string text;  // what was said so far
  std::uint32_t rounds = 0;
  bool busy = false;
};

struct request {
  std::uint32_t user = 0;
  std::uint32_t engine = 0;
  double sent_s = 0;
  prompt_facts facts;
  decision made;
  std::uint32_t cached_tokens = 0;
};

enum class step { arrive, prefill, first_token, finish, maintain };

struct event {
  double at_s;
  std::uint64_t order;
  step what;
  std::size_t request;

  bool operator>(const event& other) const {
    return std::tie(at_s, order) > std::tie(other.at_s, other.order);
  }
};

struct model_engine {
  engine_id id{};
  lru_cache cache;
  std::queue<std::size_t> queued;
  bool prefilling = false;
};

class simulation {
 public:
  simulation(const cluster& with, const workload& load);
  outcome run();

 private:
  void add(double at_s, step what, std::size_t request = 0) {
    events_.push({at_s, order_++, what, request});
  }
  std::string text(std::size_t bytes);
  void arrive();
  void start_prefill(std::uint32_t engine);
  void first_token(std::size_t index);
  void finish(std::size_t index);
  void take(const event& next);

  cluster with_;
  workload load_;
  std::mt19937_64 random_;
  router_core router_;
  std::vector<model_engine> engines_;
  std::vector<user> users_;
  std::vector<request> requests_;
  std::vector<double> ttfts_;
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  double now_s_ = 0;
  std::uint32_t left_;
  outcome result_;
  double prompt_tokens_ = 0, cached_tokens_ = 0, predicted_tokens_ = 0;
  double later_prompt_tokens_ = 0, later_cached_tokens_ = 0;
};

config::router_spec spec_of(const cluster& with) {
  return {.policy = with.policy, .limits = {}};
}

simulation::simulation(const cluster& with, const workload& load)
    : with_{with},
      load_{load},
      random_{with.seed},
      router_{spec_of(with)},
      left_{load.users * load.rounds} {
  for (std::uint32_t e = 0; e < with.engines; ++e) {
    const auto known = with.capacity_known ? with.cache_tokens : 0;
    const auto weight = e < with.weights.size() ? with.weights[e] : 1;
    const auto id = router_.add_engine({.name = "e" + std::to_string(e),
                                        .models = {"m"},
                                        .kv_tokens_max = known,
                                        .settings = {.weight = weight}});
    engines_.push_back({*id, lru_cache{with.cache_tokens / tokens_per_chunk}, {}});
  }
  const auto system = text(load.system_bytes);
  for (std::uint32_t u = 0; u < load.users; ++u)
    users_.push_back({system + text(load.context_bytes)});
  result_.requests.resize(with.engines);
}

std::string simulation::text(std::size_t bytes) {
  std::string made(bytes, ' ');
  for (auto& c : made) c = static_cast<char>('a' + random_() % 26);
  return made;
}

// A user who waits asks the next question; who, is chance.
void simulation::arrive() {
  std::vector<std::uint32_t> ready;
  for (std::uint32_t u = 0; u < users_.size(); ++u) {
    if (!users_[u].busy && users_[u].rounds < load_.rounds) ready.push_back(u);
  }
  std::exponential_distribution<double> gap{load_.requests_per_s};
  if (left_ > (ready.empty() ? 0 : 1) && !load_.one_at_a_time)
    add(now_s_ + gap(random_), step::arrive);
  if (ready.empty()) return;
  --left_;
  request asked;
  asked.user = ready[random_() % ready.size()];
  asked.sent_s = now_s_;
  auto& who = users_[asked.user];
  who.busy = true;
  who.text += text(load_.question_bytes);
  prefix_hash hash{hash_seed{42}};
  hash.begin("m", "");
  hash.feed(who.text);
  asked.facts.model = "m";
  asked.facts.session = "user " + std::to_string(asked.user);
  asked.facts.prompt_bytes = hash.bytes();
  asked.facts.chain = hash.take_chain();
  const auto made = router_.route(asked.facts, {}, at(now_s_));
  TROUPE_ASSERT(static_cast<bool>(made));
  asked.made = *made;
  for (std::uint32_t e = 0; e < engines_.size(); ++e) {
    if (engines_[e].id == made->engine) asked.engine = e;
  }
  ++result_.requests[asked.engine];
  engines_[asked.engine].queued.push(requests_.size());
  requests_.push_back(std::move(asked));
  start_prefill(requests_.back().engine);
}

void simulation::start_prefill(std::uint32_t e) {
  auto& engine = engines_[e];
  if (engine.prefilling || engine.queued.empty()) return;
  const auto index = engine.queued.front();
  engine.queued.pop();
  engine.prefilling = true;
  auto& asked = requests_[index];
  asked.cached_tokens = engine.cache.match(asked.facts.chain) * tokens_per_chunk;
  const auto tokens = static_cast<double>(asked.facts.prompt_bytes) / bytes_per_token;
  add(now_s_ + prefill_fixed_s + prefill_token_s * (tokens - asked.cached_tokens),
      step::first_token, index);
}

void simulation::first_token(std::size_t index) {
  const auto& asked = requests_[index];
  auto& engine = engines_[asked.engine];
  engine.cache.insert(asked.facts.chain);
  engine.prefilling = false;
  const auto ttft_s = now_s_ - asked.sent_s;
  ttfts_.push_back(ttft_s);
  router_.first_token(asked.made.lease, at(ttft_s) - time_point{}, at(now_s_));
  add(now_s_ + decode_token_s * load_.answer_tokens, step::finish, index);
  start_prefill(asked.engine);
}

void simulation::finish(std::size_t index) {
  auto& asked = requests_[index];
  auto& who = users_[asked.user];
  const auto tokens = static_cast<std::uint32_t>(asked.facts.prompt_bytes / 4);
  router_.finished(asked.made.lease,
                   {.prompt_tokens = tokens,
                    .cached_tokens = asked.cached_tokens,
                    .completion_tokens = load_.answer_tokens,
                    .cached_known = true},
                   lease_outcome::completed, at(now_s_));
  prompt_tokens_ += tokens;
  cached_tokens_ += asked.cached_tokens;
  predicted_tokens_ += asked.made.cached_tokens;
  if (who.rounds != 0) {
    later_prompt_tokens_ += tokens;
    later_cached_tokens_ += asked.cached_tokens;
  }
  who.text += text(load_.answer_tokens * 4);
  prefix_hash hash{hash_seed{42}};
  hash.begin("m", "");
  hash.feed(who.text);
  engines_[asked.engine].cache.insert(hash.take_chain());
  ++who.rounds;
  who.busy = false;
  asked.facts.chain.clear();
  if (load_.one_at_a_time && left_ > 0) add(now_s_, step::arrive);
}

void simulation::take(const event& next) {
  now_s_ = next.at_s;
  switch (next.what) {
    case step::arrive:
      return arrive();
    case step::first_token:
      return first_token(next.request);
    case step::finish:
      return finish(next.request);
    default:
      router_.maintain(at(now_s_));
      if (left_ > 0) add(now_s_ + 1, step::maintain);
  }
}

outcome simulation::run() {
  add(0, step::arrive);
  add(1, step::maintain);
  while (!events_.empty()) {
    const auto next = events_.top();
    events_.pop();
    take(next);
  }
  TROUPE_ASSERT(left_ == 0 && router_.lease_count() == 0);
  std::sort(ttfts_.begin(), ttfts_.end());
  result_.hit_rate = cached_tokens_ / prompt_tokens_;
  result_.predicted_hit_rate = predicted_tokens_ / prompt_tokens_;
  result_.later_hit_rate = later_cached_tokens_ / std::max(later_prompt_tokens_, 1.0);
  result_.ttft_mean_s =
      std::accumulate(ttfts_.begin(), ttfts_.end(), 0.0) / static_cast<double>(ttfts_.size());
  result_.ttft_p99_s = ttfts_[ttfts_.size() * 99 / 100];
  return result_;
}

}  // namespace

outcome run(const cluster& with, const workload& load) {
  return simulation{with, load}.run();
}

}  // namespace troupe::actors::sim
