// Every input a fuzzer found worth keeping, crashes of the past among them, through its target.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

// fuzz_targets.inc names each *_fuzz.cpp of this folder.
#define FUZZ_TARGET(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
#include <fuzz_targets.inc>
#undef FUZZ_TARGET

namespace {

namespace fs = std::filesystem;

struct fuzz_target {
  const char* name;
  int (*run)(const std::uint8_t* data, std::size_t size);

  friend void PrintTo(const fuzz_target& target, std::ostream* out) { *out << target.name; }
};

#define FUZZ_TARGET(name) fuzz_target{#name, fuzz_##name},
constexpr fuzz_target targets[] = {
#include <fuzz_targets.inc>
};
#undef FUZZ_TARGET

std::vector<fs::path> inputs_of(const std::string& target) {
  std::vector<fs::path> inputs;
  const fs::path folder = fs::path{TROUPE_CORPUS} / target;
  if (!fs::is_directory(folder)) return inputs;
  for (const auto& entry : fs::directory_iterator{folder}) inputs.push_back(entry.path());
  std::ranges::sort(inputs);
  return inputs;
}

// Of the exact size, so that the address sanitizer sees a read past the end.
std::vector<std::uint8_t> bytes_of(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  const std::vector<char> text{std::istreambuf_iterator<char>{file}, {}};
  return {text.begin(), text.end()};
}

class fuzz_corpus : public testing::TestWithParam<fuzz_target> {};

TEST_P(fuzz_corpus, every_kept_input_passes) {
  const auto inputs = inputs_of(GetParam().name);
  ASSERT_FALSE(inputs.empty()) << "no input is kept for this target";
  for (const auto& input : inputs) {
    // A check that fails ends the program: the last name printed is that of its input.
    std::printf("%s\n", input.filename().c_str());
    std::fflush(stdout);
    const auto bytes = bytes_of(input);
    EXPECT_EQ(GetParam().run(bytes.data(), bytes.size()), 0);
  }
}

TEST_P(fuzz_corpus, takes_an_empty_input) {
  EXPECT_EQ(GetParam().run(nullptr, 0), 0);
}

INSTANTIATE_TEST_SUITE_P(kept, fuzz_corpus, testing::ValuesIn(targets),
                         [](const auto& target) { return std::string{target.param.name}; });

// A folder whose target is gone or misspelt would be kept for nothing.
TEST(fuzz_corpora, every_folder_has_its_target) {
  for (const auto& entry : fs::directory_iterator{TROUPE_CORPUS}) {
    const auto name = entry.path().filename().string();
    EXPECT_TRUE(std::ranges::any_of(targets, [&](const auto& t) { return name == t.name; }))
        << name;
  }
}

}  // namespace
