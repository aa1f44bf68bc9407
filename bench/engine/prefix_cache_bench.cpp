// Measures the prefix cache: what a hit costs a block, and what the pool's books take of memory.
//
//   prefix_cache_bench [blocks] [repeats]
//
// Fills a pool with chains of 64 blocks until all blocks are cached, then looks every chain up in
// random order, as a request does: keys hashed, tokens compared, references taken and given back.
// Prints lines "name value unit n spread".
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <vector>

#include <malloc.h>

#include "bench/router/figure.hpp"
#include "engine/embedded/serve/block_pool.hpp"
#include "runtime/assert.hpp"
#include "runtime/clock.hpp"

namespace {

using namespace troupe;
using namespace troupe::engine;

constexpr std::uint32_t chain_blocks = 64;

std::vector<std::int32_t> tokens_of(std::uint32_t chain) {
  std::mt19937 random{chain};
  std::vector<std::int32_t> tokens(chain_blocks * block_tokens);
  for (auto& token : tokens) token = static_cast<std::int32_t>(random() % 49'152);
  return tokens;
}

std::vector<block_key> keys_of(const block_key& root, std::span<const std::int32_t> tokens) {
  std::vector<block_key> keys;
  for (std::size_t at = 0; at < tokens.size(); at += block_tokens) {
    keys.push_back(child_key(keys.empty() ? root : keys.back(), tokens.subspan(at, block_tokens)));
  }
  return keys;
}

void cache_chain(block_pool& pool, const block_key& root, std::uint32_t chain) {
  const auto tokens = tokens_of(chain);
  const auto keys = keys_of(root, tokens);
  std::vector<block_id> blocks;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto id = pool.allocate();
    TROUPE_ASSERT(id);
    std::optional<block_id> parent;
    if (!blocks.empty()) parent = blocks.back();
    const auto content = std::span{tokens}.subspan(i * block_tokens, block_tokens);
    blocks.push_back(pool.publish({*id, keys[i], parent, content}).value());
  }
  pool.release(blocks);
}

double seconds_since(time_point start) {
  return std::chrono::duration<double>(now() - start).count();
}

// Microseconds a block of looking every chain up once, in random order.
double hit_us(block_pool& pool, const block_key& root, std::uint32_t chains, unsigned seed) {
  std::vector<std::uint32_t> order(chains);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::shuffle(order, std::mt19937{seed});
  std::vector<std::vector<std::int32_t>> prompts;
  for (const auto chain : order) prompts.push_back(tokens_of(chain));
  const auto start = now();
  for (const auto& tokens : prompts) {
    const auto hit = pool.acquire_prefix(keys_of(root, tokens), tokens);
    TROUPE_ASSERT(hit.size() == chain_blocks);
    pool.release(hit);
  }
  return seconds_since(start) * 1e6 / chains / chain_blocks;
}

}  // namespace

int main(int argc, char** argv) {
  const auto blocks = argc > 1 ? static_cast<std::uint32_t>(std::atoi(argv[1])) : 100'000;
  const auto repeats = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 7;
  const auto chains = blocks / chain_blocks;
  if (chains == 0 || repeats == 0) {
    return std::fprintf(stderr, "blocks >= %u, repeats > 0\n", chain_blocks), 2;
  }
  const auto root = root_key("bench", "");
  const auto heap_before = mallinfo2();
  block_pool pool{chains * chain_blocks};
  for (std::uint32_t chain = 0; chain < chains; ++chain) cache_chain(pool, root, chain);
  const auto heap_after = mallinfo2();
  const auto held =
      heap_after.uordblks + heap_after.hblkhd - heap_before.uordblks - heap_before.hblkhd;
  std::vector<double> hits;
  for (unsigned i = 0; i < repeats; ++i) hits.push_back(hit_us(pool, root, chains, i));
  bench::print_figure("cached_blocks", {static_cast<double>(pool.published())}, "blocks");
  bench::print_figure("hit", hits, "us/block");
  bench::print_figure("pool_memory", {static_cast<double>(held) / pool.blocks()}, "B/block");
}
