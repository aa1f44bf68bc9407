// The memory of keys and values is what the configuration says, to 5 %.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/engine/embedded/serve/running_engine.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::json;
using test::running_engine;

constexpr std::uint64_t kv_bytes = 64ULL * 1024 * 1024;
constexpr int prompt_tokens = 256;

std::uint64_t resident_bytes() {
  std::uint64_t all = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Narrow and deep: much KV for little arithmetic, 128 KiB a block.
const std::string& deep_model_path() {
  static const std::string path = [] {
    const auto made = testing::TempDir() + "deep-" + std::to_string(::getpid()) + ".gguf";
    tiny_model_options options;
    options.layers = 64;
    options.hidden = 32;
    options.heads = 1;
    options.kv_heads = 1;
    options.ffn = 32;
    TROUPE_ASSERT(!make_tiny_model(made, options));
    return made;
  }();
  return path;
}

json prompt_of(int which) {
  json prompt = json::array();
  for (int i = 0; i < prompt_tokens; ++i) prompt.push_back(5 + (i * 7 + which * 31) % 200);
  return prompt;
}

TEST(engine_memory, the_kv_takes_what_is_configured_and_goes_back_when_asleep) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps what is freed, and shadows of it, resident";
#endif
  engine_options options;
  options.model_path = deep_model_path();
  options.kv_bytes = kv_bytes;
  options.context_tokens_max = 1'024;
  running_engine engine{options};
  const auto blocks = engine.service().kv_blocks();
  blocking_client client{engine.port()};
  const auto ask = [&](int which) {
    json body{{"prompt", prompt_of(which)}, {"max_tokens", 1}};
    body["cache_salt"] = "salt-" + std::to_string(which);
    EXPECT_EQ(client.post("/v1/completions", body).status, 200U);
  };
  ask(0);
  const auto before = resident_bytes();
  const auto blocks_of_prompt = static_cast<std::uint32_t>(prompt_tokens) / 16;
  for (std::uint32_t i = 1; i * blocks_of_prompt <= blocks; ++i) ask(static_cast<int>(i));
  const auto full = resident_bytes();
  const auto grown = static_cast<double>(full - before);
  const auto expected = static_cast<double>(kv_bytes - kv_bytes * blocks_of_prompt / blocks);
  EXPECT_NEAR(grown / expected, 1.0, 0.05);
  // Asleep it goes back, as soon as the engine's thread has heard of it.
  ASSERT_EQ(client.call("POST", "/sleep", "").status, 200U);
  while (resident_bytes() > before + kv_bytes / 10) std::this_thread::yield();
  ASSERT_EQ(client.call("POST", "/wake_up", "").status, 200U);
  ask(0);
}

}  // namespace
}  // namespace troupe::engine
