// Measures steps of the forward pass and fits the coefficients of a time profile to them.
//
//   step_times MODEL.gguf [repeats]
//
// Steps of many shapes - prefill chunks after contexts, decode batches after contexts - each timed
// `repeats` times, in turn, the fastest kept. One thread, and its processor time: what else the
// machine does then adds little. Then least squares of
// the relative error, over coefficients that are not negative. Prints the coefficients as a
// profile's lines, and "name value unit n spread" for how far the fit is off.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <vector>

#include <sys/resource.h>

#include "bench/router/figure.hpp"
#include "engine/embedded/model/forward_pass.hpp"
#include "engine/embedded/model/gguf_file.hpp"
#include "engine/embedded/model/model.hpp"

namespace {

using namespace troupe;
using namespace troupe::engine;

constexpr std::uint32_t sequences_max = 16;
constexpr std::uint32_t sequence_blocks = 136;
constexpr std::size_t terms = 5;
constexpr std::array<const char*, terms> names{"step_us", "prefill_token_us", "prefill_context_ns",
                                               "decode_token_us", "kv_token_us"};
constexpr std::array<double, terms> scales{1, 1, 1e3, 1, 1};  // from us to each one's unit

// So many equal sequences, each adding `tokens` after `context`.
struct shape {
  std::uint32_t sequences, tokens, context;

  // What the profile multiplies its coefficients with.
  std::array<double, terms> counts() const {
    const double s = sequences, t = tokens, c = context;
    const bool decodes = tokens == 1;
    return {1, decodes ? 0 : s * t, decodes ? 0 : s * (t * c + t * (t - 1) / 2), decodes ? s : 0,
            s * (c + t)};
  }
};

struct sample {
  shape what;
  double us = std::numeric_limits<double>::infinity();
};

std::vector<sample> all_shapes() {
  std::vector<sample> samples;
  for (const std::uint32_t tokens : {2U, 16U, 64U, 256U, 512U}) {
    for (const std::uint32_t context : {0U, 512U, 1536U}) samples.push_back({{1, tokens, context}});
  }
  for (const std::uint32_t sequences : {1U, 2U, 4U, 8U, 16U}) {
    for (const std::uint32_t context : {16U, 256U, 1024U, 2048U}) {
      samples.push_back({{sequences, 1, context}});
    }
  }
  return samples;
}

double processor_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

double time_step(forward_pass& forward, const shape& what, std::uint32_t vocab) {
  std::vector<std::int32_t> tokens(what.tokens);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = static_cast<std::int32_t>(i * 7919 % vocab);
  }
  std::vector<std::vector<std::uint32_t>> tables;
  std::vector<sequence_slice> slices;
  for (std::uint32_t s = 0; s < what.sequences; ++s) {
    tables.emplace_back(sequence_blocks);
    std::iota(tables.back().begin(), tables.back().end(), s * sequence_blocks);
  }
  for (const auto& table : tables) slices.push_back({tokens, what.context, table, 1});
  const double start = processor_us();
  forward.run(slices);
  return processor_us() - start;
}

// Coordinate descent: exact in each coefficient, none below zero.
std::array<double, terms> fit(const std::vector<sample>& samples) {
  std::array<double, terms> best{};
  for (int round = 0; round < 20'000; ++round) {
    for (std::size_t k = 0; k < terms; ++k) {
      double above = 0, below = 0;
      for (const auto& s : samples) {
        const auto counts = s.what.counts();
        double rest = 1;  // of the relative time, what the others do not explain
        for (std::size_t j = 0; j < terms; ++j) {
          if (j != k) rest -= best[j] * counts[j] / s.us;
        }
        above += rest * counts[k] / s.us;
        below += counts[k] / s.us * (counts[k] / s.us);
      }
      best[k] = std::max(0.0, above / below);
    }
  }
  return best;
}

void report(const std::vector<sample>& samples) {
  const auto best = fit(samples);
  for (std::size_t k = 0; k < terms; ++k) std::printf("%s: %.4g\n", names[k], best[k] * scales[k]);
  std::vector<double> errors;
  for (const auto& s : samples) {
    const auto counts = s.what.counts();
    const double us = std::inner_product(counts.begin(), counts.end(), best.begin(), 0.0);
    errors.push_back(std::abs(us / s.us - 1) * 100);
    std::fprintf(stderr, "%u x %u after %u: %.0f us, fitted %.0f us\n", s.what.sequences,
                 s.what.tokens, s.what.context, s.us, us);
  }
  bench::print_figure("fit_error", errors, "%");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: step_times MODEL.gguf [repeats]\n"), 2;
  const auto file = gguf_file::open(argv[1]);
  if (!file) return std::fprintf(stderr, "%s\n", failure_text(file.error()).c_str()), 1;
  const auto weights = model::load(**file);
  if (!weights) return std::fprintf(stderr, "%s\n", failure_text(weights.error()).c_str()), 1;
  const auto& sizes = (*weights)->shape();
  const auto arena = kv_arena::make(sizes.kv(), sequences_max * sequence_blocks);
  if (!arena) return std::fprintf(stderr, "%s\n", failure_text(arena.error()).c_str()), 1;
  const auto repeats = argc > 2 ? std::atoi(argv[2]) : 5;
  if (repeats <= 0) return std::fprintf(stderr, "repeats > 0\n"), 2;
  forward_pass forward{**weights, **arena, 1};
  auto samples = all_shapes();
  for (int i = 0; i < repeats; ++i) {
    for (auto& s : samples) s.us = std::min(s.us, time_step(forward, s.what, sizes.vocab));
  }
  report(samples);
}
