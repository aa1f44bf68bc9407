// Measures the forward pass: tokens a second of prefill and decode, one stream and eight.
//
//   forward_bench MODEL.gguf [threads] [repeats]
//
// Prints lines "name value unit n spread": the median of n repeats, and (max - min) / median.
// forward_bench MODEL.gguf logits TOKEN... prints the logits of the last token instead, one a line,
// for compare_logits.py.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "engine/embedded/model/forward_pass.hpp"
#include "engine/embedded/model/gguf_file.hpp"
#include "engine/embedded/model/model.hpp"
#include "runtime/clock.hpp"

namespace {

using namespace troupe;
using namespace troupe::engine;

constexpr std::uint32_t stream_blocks = 64;
constexpr std::uint32_t streams_max = 8;
constexpr std::uint32_t prefill_tokens = 512;
constexpr std::uint32_t decode_tokens = 64;

// A stream that owns a run of blocks and feeds the model's best token back to it.
struct stream {
  std::vector<std::uint32_t> blocks;
  std::vector<std::int32_t> tokens;  // what the next step takes
  std::uint32_t position = 0;

  explicit stream(std::uint32_t index) : blocks(stream_blocks), tokens{1} {
    std::iota(blocks.begin(), blocks.end(), index * stream_blocks);
  }

  sequence_slice slice() const { return {tokens, position, blocks, 1}; }

  void advance(std::span<const float> logits) {
    position += static_cast<std::uint32_t>(tokens.size());
    const auto best = std::ranges::max_element(logits) - logits.begin();
    tokens = {static_cast<std::int32_t>(best)};
  }
};

void step(forward_pass& forward, std::vector<stream>& streams, std::uint32_t vocab) {
  std::vector<sequence_slice> slices;
  for (const auto& item : streams) slices.push_back(item.slice());
  const auto logits = forward.run(slices);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    streams[i].advance(logits.subspan(i * vocab, vocab));
  }
}

std::vector<stream> make_streams(std::uint32_t count) {
  std::vector<stream> streams;
  for (std::uint32_t i = 0; i < count; ++i) streams.emplace_back(i);
  return streams;
}

void report(const std::string& name, double tokens, int repeats,
            const std::function<void()>& action) {
  std::vector<double> rates;
  for (int i = 0; i < repeats; ++i) {
    const auto start = now();
    action();
    const std::chrono::duration<double> seconds = now() - start;
    rates.push_back(tokens / seconds.count());
  }
  std::ranges::sort(rates);
  const double median = rates[rates.size() / 2];
  std::printf("%s %.1f tokens/s %d %.3f\n", name.c_str(), median, repeats,
              (rates.back() - rates.front()) / median);
  std::fflush(stdout);
}

void measure(const model& weights, kv_arena& arena, unsigned threads, int repeats) {
  forward_pass forward{weights, arena, threads};
  const auto vocab = weights.shape().vocab;
  for (const std::uint32_t count : {1U, streams_max}) {
    const auto suffix = std::to_string(count) + (count == 1 ? "_stream" : "_streams");
    report("prefill_512_" + suffix, prefill_tokens * count, repeats, [&] {
      auto streams = make_streams(count);
      for (auto& item : streams) {
        item.tokens.resize(prefill_tokens);
        for (std::uint32_t i = 0; i < prefill_tokens; ++i) {
          item.tokens[i] = static_cast<std::int32_t>((i * 7919 + item.blocks[0]) % vocab);
        }
      }
      step(forward, streams, vocab);
    });
    for (const std::uint32_t context : {0U, prefill_tokens - decode_tokens}) {
      report("decode_after_" + std::to_string(context) + "_" + suffix, decode_tokens * count,
             repeats, [&] {
               auto streams = make_streams(count);
               for (auto& item : streams) item.position = context;
               for (std::uint32_t i = 0; i < decode_tokens; ++i) step(forward, streams, vocab);
             });
    }
  }
}

void print_logits(const model& weights, kv_arena& arena, std::span<char*> words) {
  forward_pass forward{weights, arena, 2};
  stream only{0};
  only.tokens.clear();
  for (const char* word : words) only.tokens.push_back(std::atoi(word));
  const sequence_slice slices[] = {only.slice()};
  for (const float value : forward.run(slices)) std::printf("%.9g\n", static_cast<double>(value));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: forward_bench MODEL.gguf [threads] [repeats]\n");
    return 2;
  }
  auto file = gguf_file::open(argv[1]);
  if (!file) return std::fprintf(stderr, "%s\n", failure_text(file.error()).c_str()), 1;
  auto weights = model::load(**file);
  if (!weights) return std::fprintf(stderr, "%s\n", failure_text(weights.error()).c_str()), 1;
  auto arena = kv_arena::make((*weights)->shape().kv(), stream_blocks * streams_max);
  if (!arena) return std::fprintf(stderr, "%s\n", failure_text(arena.error()).c_str()), 1;
  if (argc > 3 && std::strcmp(argv[2], "logits") == 0) {
    print_logits(**weights, **arena, std::span{argv + 3, argv + argc});
    return 0;
  }
  const auto threads = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 2U;
  const int repeats = argc > 3 ? std::atoi(argv[3]) : 5;
  if (threads == 0 || repeats <= 0) return std::fprintf(stderr, "threads, repeats > 0\n"), 2;
  measure(**weights, **arena, threads, repeats);
}
