#include "engine/embedded/serve/modelled_executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/engine/embedded/modelled/modelled_rig.hpp"

namespace troupe::engine {
namespace {

using namespace std::chrono_literals;
using test::alone;
using test::ask;
using test::modelled_rig;
using test::profile_of;
using test::random_prompt;

TEST(modelled_executor, the_same_prompt_has_the_same_answer_on_every_engine) {
  const auto request = ask(random_prompt(40, 1), 30);
  const auto answer = alone(request);
  EXPECT_EQ(answer.size(), 30U);
  auto slower = profile_of();
  slower.step_us = 99'999;
  EXPECT_EQ(alone(request, slower), answer);
  EXPECT_NE(alone(ask(random_prompt(40, 2), 30)), answer);
  auto swapped = request;
  std::swap(swapped.prompt[3], swapped.prompt[4]);
  ASSERT_NE(swapped.prompt, request.prompt);
  EXPECT_NE(alone(swapped), answer);
}

TEST(modelled_executor, a_seed_matters_at_a_temperature_only) {
  auto other = ask(random_prompt(20, 1), 40, 1.0);
  const auto warm = alone(other);
  EXPECT_EQ(alone(other), warm);
  other.sampling.seed = 6;
  EXPECT_NE(alone(other), warm);
  auto cold = ask(random_prompt(20, 1), 40);
  const auto greedy = alone(cold);
  cold.sampling.seed = 6;
  EXPECT_EQ(alone(cold), greedy);
}

TEST(modelled_executor, an_answer_continues_exactly_from_every_cut) {
  for (const double temperature : {0.0, 1.0}) {
    const auto request = ask(random_prompt(25, 3), 40, temperature);
    const auto whole = alone(request);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      auto rest = request;
      rest.prompt.insert(rest.prompt.end(), whole.begin(),
                         whole.begin() + static_cast<std::ptrdiff_t>(cut));
      rest.max_tokens -= static_cast<std::uint32_t>(cut);
      const std::vector<std::int32_t> expected(whole.begin() + static_cast<std::ptrdiff_t>(cut),
                                               whole.end());
      ASSERT_EQ(alone(rest), expected) << "cut at " << cut << ", temperature " << temperature;
    }
  }
}

// Chunks, batches, cached prefixes, pre-emptions and evictions: none shows in an answer.
TEST(modelled_executor, neither_batch_nor_cache_nor_lack_of_memory_shows_in_an_answer) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random{seed};
    modelled_rig rig{profile_of(), 14 + static_cast<std::uint32_t>(random() % 20),
                     1 + random() % 60};
    std::map<request_id, generation_request> asked;
    for (request_id id = 1; id <= 20; ++id) {
      auto prompt = random_prompt(32, 1 + static_cast<unsigned>(random() % 2));
      const auto own = random_prompt(random() % 60, static_cast<unsigned>(random()));
      prompt.insert(prompt.end(), own.begin(), own.end());
      asked[id] = ask(prompt, 1 + random() % 60, random() % 2 == 0 ? 0.0 : 1.0);
      ASSERT_TRUE(rig.plans.submit(id, asked[id]));
      for (auto steps = random() % 6; steps > 0 && rig.plans.has_work(); --steps) rig.step();
    }
    rig.finish();
    for (const auto& [id, request] : asked) {
      ASSERT_EQ(rig.answers[id], alone(request)) << "seed " << seed << ", request " << id;
    }
  }
}

TEST(modelled_executor, a_cached_prefix_is_found_again) {
  modelled_rig rig{profile_of(), 100, 512};
  ASSERT_TRUE(rig.plans.submit(1, ask(random_prompt(64, 1), 4)));
  rig.finish();
  ASSERT_TRUE(rig.plans.submit(2, ask(random_prompt(64, 1), 4)));
  rig.finish();
  EXPECT_EQ(rig.cached[1], 0U);
  EXPECT_EQ(rig.cached[2], 48U);
  EXPECT_EQ(rig.answers[1], rig.answers[2]);
  EXPECT_LT(rig.waits.at(4), rig.waits.at(0));
}

TEST(modelled_executor, a_block_overwritten_shows_in_the_answer) {
  std::vector<std::chrono::nanoseconds> waits;
  modelled_executor executor{profile_of(), 2, test::tokens_of(),
                             std::make_unique<test::noted_wait>(waits)};
  const auto prompt = random_prompt(16, 1);
  const std::vector<std::int32_t> next{5};
  const std::vector<std::uint32_t> blocks{0, 1};
  const sequence_slice first{prompt, 0, blocks, 0}, second{next, 16, blocks, 1};
  const auto row_after = [&](const sequence_slice& before) {
    executor.run({{before}});
    const auto row = executor.run({{second}});
    return std::vector<float>(row.begin(), row.end());
  };
  const auto good = row_after(first);
  EXPECT_EQ(row_after(first), good);
  const auto other = random_prompt(16, 2);
  EXPECT_NE(row_after({other, 0, blocks, 0}), good);
}

TEST(modelled_executor, gives_a_row_for_each_token_asked_for) {
  std::vector<std::chrono::nanoseconds> waits;
  modelled_executor executor{profile_of(), 2, test::tokens_of(),
                             std::make_unique<test::noted_wait>(waits)};
  const auto prompt = random_prompt(20, 1);
  const std::vector<std::uint32_t> blocks{0, 1};
  const auto rows = executor.run({{{prompt, 0, blocks, 3}}});
  ASSERT_EQ(rows.size(), 3 * executor.vocab());
  const std::vector<float> last(rows.end() - executor.vocab(), rows.end());
  const auto only = executor.run({{{prompt, 0, blocks, 1}}});
  EXPECT_THAT(last, testing::ElementsAreArray(only));
}

TEST(modelled_executor, speaks_only_what_may_be_spoken) {
  const auto answer = alone(ask(random_prompt(10, 1), 900, 1.0));
  const std::set<std::int32_t> said(answer.begin(), answer.end());
  EXPECT_FALSE(said.contains(test::unspoken));
  EXPECT_FALSE(said.contains(test::modelled_end));
  EXPECT_GT(said.size(), test::modelled_vocab / 2);
}

TEST(modelled_executor, answers_end_by_themselves_about_as_often_as_the_profile_says) {
  auto profile = profile_of();
  profile.answer_tokens_mean = 20;
  std::size_t tokens = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    const auto answer = alone(ask(random_prompt(10, seed), 900), profile);
    ASSERT_EQ(answer.back(), test::modelled_end);
    tokens += answer.size();
  }
  EXPECT_NEAR(static_cast<double>(tokens) / 200, 20, 5);
}

TEST(modelled_executor, each_step_takes_what_the_profile_says) {
  modelled_rig rig{profile_of(), 100, 32};
  ASSERT_TRUE(rig.plans.submit(1, ask(random_prompt(50, 1), 3)));
  rig.finish();
  // 32 tokens, 18 behind them, then two decodes: base, tokens, pairs, KV.
  const std::vector<std::chrono::nanoseconds> expected{
      1'000'000ns + 32 * 10'000ns + 496 * 500ns + 32 * 2'000ns,
      1'000'000ns + 18 * 10'000ns + (18 * 32 + 153) * 500ns + 50 * 2'000ns,
      1'000'000ns + 7'000ns + 51 * 2'000ns, 1'000'000ns + 7'000ns + 52 * 2'000ns};
  EXPECT_EQ(rig.waits, expected);
}

TEST(modelled_executor, a_batch_pays_the_base_once) {
  const auto prompt = random_prompt(2, 1);
  const std::vector<std::uint32_t> blocks{0};
  const sequence_slice prefill{prompt, 0, blocks, 1};
  const sequence_slice decode{std::span{prompt}.first(1), 4, blocks, 1};
  const std::vector<sequence_slice> both{prefill, decode};
  EXPECT_EQ(step_time(profile_of(), both),
            1'000'000ns + 20'000ns + 500ns + 7'000ns + (2 + 5) * 2'000ns);
  EXPECT_EQ(step_time(profile_of(), {}), 1'000'000ns);
}

TEST(timed_wait, ends_at_once_when_interrupted_and_stays_so) {
  timed_wait wait;
  std::thread other{[&] { wait.interrupt(); }};
  wait.wait(24h);
  other.join();
  wait.wait(24h);
}

TEST(timed_wait, ends_by_itself) {
  timed_wait wait;
  wait.wait(1us);
  wait.wait(0ns);
}

}  // namespace
}  // namespace troupe::engine
