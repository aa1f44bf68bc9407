// What routing costs: the index beside a plain hash map, hashing, reading a body, a whole decision.
//
// One thread. The index holds 1 M blocks on 64 and 256 engines, a quarter of the prompts on
// several; queries are prompts it holds, each grown by a few new blocks.

#include <malloc.h>

#include <random>

#include "actors/router/prompt_reader.hpp"
#include "actors/router/router_core.hpp"
#include "actors/router/run_index.hpp"
#include "bench/router/figure.hpp"
#include "bench/router/index_floor.hpp"
#include "runtime/assert.hpp"
#include "runtime/clock.hpp"

namespace {

using namespace troupe;
using namespace troupe::actors;
using chain = std::vector<chunk_hash>;

constexpr std::size_t blocks = 1'000'000;
constexpr int repeats = 5;

double seconds_since(time_point start) {
  return std::chrono::duration<double>{now() - start}.count();
}

double heap_bytes() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

// Prompts of a length in blocks, an eighth of which starts with one of 32 shared system prompts.
std::vector<chain> make_prompts(std::size_t length, std::size_t count, std::mt19937_64& random) {
  std::vector<chain> prompts;
  for (std::size_t i = 0; i < count; ++i) {
    chain c;
    std::mt19937_64 shared{i % 32};
    chunk_hash sum = 1;
    for (std::size_t b = 0; b < length; ++b)
      c.push_back(sum += b < length / 8 ? shared() : random());
    prompts.push_back(std::move(c));
  }
  return prompts;
}

template <class Index>
std::size_t fill(Index& index, const std::vector<chain>& prompts, std::uint32_t engines) {
  std::mt19937_64 random{1};
  std::size_t inserted = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    for (std::size_t copies = i % 4 == 0 ? 3 : 1; copies > 0; --copies) {
      const auto slot = static_cast<std::uint32_t>(random() % engines);
      if constexpr (requires { index.insert(slot, prompts[i], 0u); }) {
        index.insert(slot, prompts[i], 0u);
      } else {
        index.insert(slot, prompts[i]);
      }
      inserted += prompts[i].size();
    }
  }
  return inserted;
}

// Microseconds of each query, for prompts the index holds that go on with a few new blocks.
template <class Index>
std::vector<double> query_us(const Index& index, const std::vector<chain>& prompts) {
  std::mt19937_64 random{2};
  std::vector<double> took;
  std::vector<std::uint32_t> matches;
  for (int i = 0; i < 20'000; ++i) {
    auto asked = prompts[random() % prompts.size()];
    for (int more = 0; more < 8; ++more) asked.push_back(random());
    const auto start = now();
    index.match(asked, matches);
    took.push_back(seconds_since(start) * 1e6);
    TROUPE_ASSERT(*std::max_element(matches.begin(), matches.end()) == asked.size() - 8);
  }
  return took;
}

void bench_index(std::uint32_t engines, std::size_t tokens) {
  std::mt19937_64 random{engines + tokens};
  const auto length = tokens / 16;
  const auto prompts = make_prompts(length, blocks / length, random);
  std::vector<double> rate, p50, p99, floor_p50, floor_rate, bytes, floor_bytes;
  for (int r = 0; r < repeats; ++r) {
    const auto before = heap_bytes();
    run_index index{blocks * 8};
    for (std::uint32_t e = 0; e < engines; ++e) index.add_engine(e);
    auto start = now();
    const auto inserted = static_cast<double>(fill(index, prompts, engines));
    rate.push_back(inserted / seconds_since(start) / 1e6);
    bytes.push_back((heap_bytes() - before) / static_cast<double>(index.stored_block_count()));
    auto took = query_us(index, prompts);
    p50.push_back(bench::quantile(took, 0.5));
    p99.push_back(bench::quantile(took, 0.99));

    const auto floor_before = heap_bytes();
    bench::index_floor floor;
    start = now();
    fill(floor, prompts, engines);
    floor_rate.push_back(inserted / seconds_since(start) / 1e6 / rate.back());
    floor_bytes.push_back((heap_bytes() - floor_before) /
                          static_cast<double>(index.stored_block_count()) / bytes.back());
    took = query_us(floor, prompts);
    floor_p50.push_back(bench::quantile(took, 0.5) / p50.back());
  }
  const auto name = "index_" + std::to_string(engines) + "_engines_" +
                    std::to_string(tokens / 1'000) + "k_tokens_";
  bench::print_figure(name + "insert", rate, "M_blocks/s");
  bench::print_figure(name + "query_p50", p50, "us");
  bench::print_figure(name + "query_p99", p99, "us");
  bench::print_figure(name + "memory", bytes, "bytes/block");
  bench::print_figure(name + "map_insert_rate_to_index", floor_rate, "ratio");
  bench::print_figure(name + "map_query_p50_to_index", floor_p50, "ratio");
  bench::print_figure(name + "map_memory_to_index", floor_bytes, "ratio");
}

std::string text_of(std::size_t bytes) {
  std::mt19937_64 random{bytes};
  std::string text;
  while (text.size() < bytes)
    text += random() % 60 == 0 ? '\n' : static_cast<char>('a' + random() % 26);
  return text;
}

std::string chat_body(const std::string& text) {
  std::string escaped;
  for (const char c : text) c == '\n' ? escaped += "\\n" : escaped += c;
  std::string body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":")" +
                     escaped + R"("}],"max_tokens":60})";
  body.reserve(body.size() + 64);
  return body;
}

// Median microseconds of a call, over enough calls.
template <class Call>
double median_us(Call&& call) {
  std::vector<double> took;
  for (int i = 0; i < 300; ++i) {
    const auto start = now();
    call();
    took.push_back(seconds_since(start) * 1e6);
  }
  return bench::quantile(took, 0.5);
}

void bench_body(std::size_t kilobytes) {
  const auto text = text_of(kilobytes * 1'024);
  const auto body = chat_body(text);
  std::vector<double> hash_us, read_us, route_us;
  for (int r = 0; r < repeats; ++r) {
    prefix_hash hash{{1}};
    hash_us.push_back(median_us([&] {
      hash.begin("m", "");
      hash.feed(text);
      TROUPE_ASSERT(hash.take_chain().size() == text.size() / chunk_bytes);
    }));
    prompt_reader reader{{.seed = {1}}};
    read_us.push_back(median_us([&] { TROUPE_ASSERT(reader.read(prompt_kind::chat, body)); }));
    router_core core{{}};
    for (int e = 0; e < 64; ++e) core.add_engine({.name = "e", .models = {"m"}});
    const auto facts = *reader.read(prompt_kind::chat, body);
    time_point at{};
    route_us.push_back(median_us([&] {
      const auto made = core.route(facts, {}, at += std::chrono::milliseconds{1});
      core.first_token(made->lease, std::chrono::microseconds{500}, at);
      core.finished(made->lease, {}, lease_outcome::completed, at);
    }));
  }
  const auto suffix = "_" + std::to_string(kilobytes) + "kB";
  bench::print_figure("hash" + suffix, hash_us, "us");
  bench::print_figure("read_and_hash_body" + suffix, read_us, "us");
  bench::print_figure("route_first_token_finish_64_engines" + suffix, route_us, "us");
}

}  // namespace

int main() {
  for (const std::size_t kilobytes : {1, 16, 128}) bench_body(kilobytes);
  for (const std::uint32_t engines : {64, 256}) {
    for (const std::size_t tokens : {2'000, 32'000, 128'000}) bench_index(engines, tokens);
  }
}
