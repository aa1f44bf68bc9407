#include "engine/embedded/model/forward_pass.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include "tests/engine/embedded/model/forced_target.hpp"
#include "tests/engine/embedded/model/loaded_model.hpp"
#include "tests/engine/embedded/model/reference_forward.hpp"

namespace troupe::engine {
namespace {

std::vector<std::uint32_t> block_run(std::uint32_t count, std::uint32_t first = 0) {
  std::vector<std::uint32_t> blocks(count);
  std::iota(blocks.begin(), blocks.end(), first);
  return blocks;
}

std::uint32_t blocks_for(std::size_t tokens) {
  return static_cast<std::uint32_t>(tokens + 15) / 16;
}

// Logits of all tokens of one sequence, computed at once by one thread.
std::vector<float> logits_of(loaded_model& loaded, const std::vector<std::int32_t>& tokens) {
  forward_pass forward{*loaded.weights, *loaded.arena, 1};
  const auto blocks = block_run(blocks_for(tokens.size()));
  const auto rows = static_cast<std::uint32_t>(tokens.size());
  const sequence_slice slices[] = {{tokens, 0, blocks, rows}};
  const auto logits = forward.run(slices);
  return {logits.begin(), logits.end()};
}

// Largest difference from the reference, as a share of the logits' largest magnitude.
double difference_from_reference(loaded_model& loaded, std::size_t count) {
  const auto tokens = random_tokens(count, loaded.vocab(), 5);
  const auto ours = logits_of(loaded, tokens);
  const auto reference = reference_forward(*loaded.weights, tokens);
  double largest = 0, difference = 0;
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t i = 0; i < loaded.vocab(); ++i) {
      const double expected = reference[row][i];
      largest = std::max(largest, std::fabs(expected));
      difference = std::max(difference, std::fabs(expected - ours[row * loaded.vocab() + i]));
    }
  }
  EXPECT_GT(largest, 0.1);
  return difference / largest;
}

tiny_model_options options_of(tensor_type type, bool tied = true) {
  tiny_model_options options;
  options.type = type;
  options.tied = tied;
  return options;
}

TEST(ForwardPass, AgreesWithTheReferenceOnFloatWeights) {
  for (const auto type : {tensor_type::f32, tensor_type::f16, tensor_type::bf16}) {
    loaded_model loaded{options_of(type, type != tensor_type::f16)};
    EXPECT_LT(difference_from_reference(loaded, 40), 1e-3) << static_cast<int>(type);
  }
}

TEST(ForwardPass, AgreesWithTheReferenceOnQuantisedWeights) {
  for (const auto type : {tensor_type::q8_0, tensor_type::q4_0, tensor_type::q4_1}) {
    loaded_model loaded{options_of(type, type != tensor_type::q4_0)};
    EXPECT_LT(difference_from_reference(loaded, 40), 2e-2) << static_cast<int>(type);
  }
}

TEST(ForwardPass, AgreesWithTheReferenceOnUnevenShapes) {
  tiny_model_options options = options_of(tensor_type::f32);
  options.hidden = 96;
  options.heads = 6;
  options.kv_heads = 1;
  options.ffn = 52;
  loaded_model loaded{options};
  EXPECT_LT(difference_from_reference(loaded, 35), 1e-3);
}

TEST(ForwardPass, ReturnsOnlyTheRowsAskedFor) {
  loaded_model loaded{options_of(tensor_type::q4_1)};
  const auto tokens = random_tokens(33, loaded.vocab(), 8);
  const auto all = logits_of(loaded, tokens);
  forward_pass forward{*loaded.weights, *loaded.arena, 2};
  const auto first = block_run(3, 10), second = block_run(3, 20), third = block_run(3, 30);
  const sequence_slice slices[] = {
      {tokens, 0, first, 2}, {tokens, 0, second, 0}, {tokens, 0, third, 1}};
  const auto logits = forward.run(slices);
  ASSERT_EQ(logits.size(), std::size_t{3} * loaded.vocab());
  const auto row_bytes = loaded.vocab() * sizeof(float);
  const auto* last_two = all.data() + std::size_t{31} * loaded.vocab();
  EXPECT_EQ(std::memcmp(logits.data(), last_two, 2 * row_bytes), 0);
  EXPECT_EQ(std::memcmp(logits.data() + std::size_t{2} * loaded.vocab(), last_two + loaded.vocab(),
                        row_bytes),
            0);
}

TEST(ForwardPass, TakesNoSlices) {
  loaded_model loaded{options_of(tensor_type::q8_0)};
  forward_pass forward{*loaded.weights, *loaded.arena, 1};
  EXPECT_TRUE(forward.run({}).empty());
}

TEST(ForwardPassDeath, RefusesWhatTheCallerMustNotAsk) {
  loaded_model loaded{options_of(tensor_type::q8_0)};
  forward_pass forward{*loaded.weights, *loaded.arena, 1};
  const std::vector<std::int32_t> unknown{static_cast<std::int32_t>(loaded.vocab())};
  const std::vector<std::int32_t> many(17, 1);
  const auto one = block_run(1), outside = block_run(1, loaded.arena->blocks());
  const auto run = [&](const sequence_slice& slice) { forward.run({&slice, 1}); };
  EXPECT_DEATH(run({unknown, 0, one, 1}), "vocab");
  EXPECT_DEATH(run({many, 0, one, 1}), "block_table");
  EXPECT_DEATH(run({std::span{many}.first(1), 0, outside, 1}), "blocks");
  EXPECT_DEATH(run({std::span{many}.first(2), 0, one, 3}), "logit_rows");
}

// A sequence that some schedule works through, and the logits it got for each position.
struct running_sequence {
  std::vector<std::int32_t> tokens;
  std::vector<std::uint32_t> blocks;
  std::uint32_t done = 0;
  std::vector<float> logits;  // of all tokens so far
};

std::vector<running_sequence> make_sequences(const loaded_model& loaded, std::mt19937& generator) {
  auto ids = block_run(loaded.arena->blocks());
  std::ranges::shuffle(ids, generator);
  std::vector<running_sequence> out;
  for (std::uint32_t i = 0; i < 4; ++i) {
    running_sequence sequence;
    sequence.tokens = random_tokens(20 + 17 * i, loaded.vocab(), 100 + i);
    const auto count = blocks_for(sequence.tokens.size());
    sequence.blocks.assign(ids.end() - count, ids.end());
    ids.resize(ids.size() - count);
    out.push_back(std::move(sequence));
  }
  return out;
}

// Works through all sequences in random chunks and random mixes, every token's logits wanted.
std::vector<running_sequence> run_schedule(loaded_model& loaded, std::uint32_t seed,
                                           unsigned threads) {
  std::mt19937 generator{seed};
  auto sequences = make_sequences(loaded, generator);
  forward_pass forward{*loaded.weights, *loaded.arena, threads};
  for (bool finished = false; !finished;) {
    std::vector<sequence_slice> slices;
    std::vector<running_sequence*> chosen;
    finished = true;
    for (auto& sequence : sequences) {
      const auto left = static_cast<std::uint32_t>(sequence.tokens.size()) - sequence.done;
      if (left == 0) continue;
      finished = false;
      if (generator() % 4 == 0) continue;
      const auto pick = static_cast<std::uint32_t>(generator());
      const auto count = pick % 3 == 0 ? 1U : 1U + pick / 3 % std::min(left, 40U);
      slices.push_back({std::span{sequence.tokens}.subspan(sequence.done, count), sequence.done,
                        sequence.blocks, count});
      chosen.push_back(&sequence);
    }
    auto logits = forward.run(slices);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const auto size = slices[i].tokens.size() * loaded.vocab();
      chosen[i]->logits.insert(chosen[i]->logits.end(), logits.begin(), logits.begin() + size);
      chosen[i]->done += static_cast<std::uint32_t>(slices[i].tokens.size());
      logits = logits.subspan(size);
    }
  }
  return sequences;
}

// The KV of a sequence's tokens, in position order, wherever its blocks lie.
std::vector<std::uint16_t> cached(const loaded_model& loaded, const running_sequence& sequence) {
  const auto& layout = loaded.arena->layout();
  std::vector<std::uint16_t> out;
  for (std::size_t position = 0; position < sequence.tokens.size(); ++position) {
    const auto* block = loaded.arena->block(sequence.blocks[position / 16]);
    for (std::uint32_t layer = 0; layer < layout.layers; ++layer) {
      for (std::uint32_t head = 0; head < layout.kv_heads; ++head) {
        for (const auto plane : {layout.key_plane(layer, head), layout.value_plane(layer, head)}) {
          const auto* from = block + plane + position % 16 * layout.head_dim;
          out.insert(out.end(), from, from + layout.head_dim);
        }
      }
    }
  }
  return out;
}

void expect_same(const loaded_model& loaded, const std::vector<running_sequence>& a,
                 const std::vector<std::vector<std::uint16_t>>& a_cached,
                 const std::vector<running_sequence>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].logits.size(), b[i].logits.size());
    EXPECT_EQ(std::memcmp(a[i].logits.data(), b[i].logits.data(), a[i].logits.size() * 4), 0);
    EXPECT_EQ(a_cached[i], cached(loaded, b[i]));
  }
}

TEST(ForwardPassInvariance, NoScheduleThreadCountOrInstructionSetShows) {
  for (const auto type : {tensor_type::q4_1, tensor_type::q8_0, tensor_type::f16}) {
    loaded_model loaded{options_of(type), 64};
    const auto base = run_schedule(loaded, 1, 1);
    std::vector<std::vector<std::uint16_t>> base_cached;
    for (const auto& sequence : base) base_cached.push_back(cached(loaded, sequence));
    std::uint32_t seed = 2;
    for (const auto target : available_targets()) {
      const forced_target forced{target};
      for (const unsigned threads : {1U, 2U, 3U}) {
        SCOPED_TRACE("type " + std::to_string(static_cast<int>(type)) + " target " +
                     hwy::TargetName(target) + " seed " + std::to_string(seed));
        expect_same(loaded, base, base_cached, run_schedule(loaded, seed++, threads));
      }
    }
  }
}

TEST(ForwardPassInvariance, StepsLongerThanOnePassChangeNothing) {
  loaded_model loaded{options_of(tensor_type::q4_0)};
  const auto tokens = random_tokens(700, loaded.vocab(), 3);
  const auto whole = logits_of(loaded, tokens);
  const auto blocks = block_run(blocks_for(tokens.size()), 100);
  forward_pass forward{*loaded.weights, *loaded.arena, 2};
  std::vector<float> pieces;
  for (std::uint32_t at = 0; at < tokens.size(); at += 100) {
    const sequence_slice slices[] = {{std::span{tokens}.subspan(at, 100), at, blocks, 100}};
    const auto logits = forward.run(slices);
    pieces.insert(pieces.end(), logits.begin(), logits.end());
  }
  ASSERT_EQ(whole.size(), pieces.size());
  EXPECT_EQ(std::memcmp(whole.data(), pieces.data(), whole.size() * sizeof(float)), 0);
}

TEST(ForwardPassInvariance, WhatLiesBehindTheLastTokenDoesNotShow) {
  loaded_model loaded{options_of(tensor_type::q8_0)};
  const auto tokens = random_tokens(21, loaded.vocab(), 4);
  const auto clean = logits_of(loaded, tokens);
  // NaN in every half: a stale block of another sequence at its worst.
  const auto elements = loaded.arena->layout().block_elements();
  for (std::uint32_t block = 0; block < 2; ++block) {
    std::fill_n(loaded.arena->block(block), elements, std::uint16_t{0x7E00});
  }
  const auto stale = logits_of(loaded, tokens);
  EXPECT_EQ(std::memcmp(clean.data(), stale.data(), clean.size() * sizeof(float)), 0);
}

TEST(ForwardPass, ContextChangesTheAnswer) {
  loaded_model loaded{options_of(tensor_type::q4_1)};
  auto tokens = random_tokens(40, loaded.vocab(), 6);
  const auto before = logits_of(loaded, tokens);
  tokens[0] = (tokens[0] + 1) % static_cast<std::int32_t>(loaded.vocab());
  const auto after = logits_of(loaded, tokens);
  const auto last = std::size_t{39} * loaded.vocab();
  EXPECT_NE(std::memcmp(before.data() + last, after.data() + last, loaded.vocab() * 4), 0);
}

}  // namespace
}  // namespace troupe::engine
