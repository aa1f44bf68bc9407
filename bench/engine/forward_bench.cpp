// Measures the forward pass: tokens a second of prefill and decode, one stream and eight.
//
//   forward_bench MODEL.gguf [threads] [repeats] [prefix of the names to measure]
//
// Prints lines "name value unit n spread": the median of n repeats, and (max - min) / median. The
// same for tokens a second of processor time, which a busy machine disturbs less.
// forward_bench MODEL.gguf logits TOKEN... writes the logits after each token instead, as raw
// floats [token][vocab], for compare_logits.py.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include <sys/resource.h>

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

struct settings {
  unsigned threads = 2;
  int repeats = 5;
  std::string prefix;
};

void print(const std::string& name, const char* unit, std::vector<double> rates) {
  std::ranges::sort(rates);
  const double median = rates[rates.size() / 2];
  std::printf("%s %.1f %s %zu %.3f\n", name.c_str(), median, unit, rates.size(),
              (rates.back() - rates.front()) / median);
  std::fflush(stdout);
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void report(const std::string& name, double tokens, const settings& how,
            const std::function<void()>& action) {
  if (!name.starts_with(how.prefix)) return;
  std::vector<double> rates, processor_rates;
  for (int i = 0; i < how.repeats; ++i) {
    const auto start = now();
    const double processor_start = processor_seconds();
    action();
    const std::chrono::duration<double> seconds = now() - start;
    rates.push_back(tokens / seconds.count());
    processor_rates.push_back(tokens / (processor_seconds() - processor_start));
  }
  print(name, "tokens/s", rates);
  print(name + "_processor", "tokens/processor-s", processor_rates);
}

void measure(const model& weights, kv_arena& arena, const settings& how) {
  forward_pass forward{weights, arena, how.threads};
  const auto vocab = weights.shape().vocab;
  for (const std::uint32_t count : {1U, streams_max}) {
    const auto suffix = std::to_string(count) + (count == 1 ? "_stream" : "_streams");
    report("prefill_512_" + suffix, prefill_tokens * count, how, [&] {
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
      report("decode_after_" + std::to_string(context) + "_" + suffix, decode_tokens * count, how,
             [&] {
               auto streams = make_streams(count);
               for (auto& item : streams) item.position = context;
               for (std::uint32_t i = 0; i < decode_tokens; ++i) step(forward, streams, vocab);
             });
    }
  }
}

void write_logits(const model& weights, kv_arena& arena, std::span<char*> words) {
  forward_pass forward{weights, arena, 2};
  stream only{0};
  only.tokens.clear();
  for (const char* word : words) only.tokens.push_back(std::atoi(word));
  auto slice = only.slice();
  slice.logit_rows = static_cast<std::uint32_t>(only.tokens.size());
  const auto logits = forward.run({&slice, 1});
  std::fwrite(logits.data(), sizeof(float), logits.size(), stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: forward_bench MODEL.gguf [threads] [repeats] [prefix]\n");
    return 2;
  }
  auto file = gguf_file::open(argv[1]);
  if (!file) return std::fprintf(stderr, "%s\n", failure_text(file.error()).c_str()), 1;
  auto weights = model::load(**file);
  if (!weights) return std::fprintf(stderr, "%s\n", failure_text(weights.error()).c_str()), 1;
  auto arena = kv_arena::make((*weights)->shape().kv(), stream_blocks * streams_max);
  if (!arena) return std::fprintf(stderr, "%s\n", failure_text(arena.error()).c_str()), 1;
  if (argc > 3 && std::strcmp(argv[2], "logits") == 0) {
    write_logits(**weights, **arena, std::span{argv + 3, argv + argc});
    return 0;
  }
  settings how;
  if (argc > 2) how.threads = static_cast<unsigned>(std::atoi(argv[2]));
  if (argc > 3) how.repeats = std::atoi(argv[3]);
  if (argc > 4) how.prefix = argv[4];
  if (how.threads == 0 || how.repeats <= 0)
    return std::fprintf(stderr, "threads, repeats > 0\n"), 2;
  measure(**weights, **arena, how);
}
