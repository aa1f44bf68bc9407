#include "engine/embedded/text/pre_tokenizer.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "engine/embedded/text/utf8.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

constexpr std::uint32_t match_limit = 10'000'000;

// Unicode's White_Space. PCRE2's own \s adds U+180E, which the reference implementations do not.
#define TROUPE_SPACES                                                         \
  R"(\x09-\x0D\x20\x85\xA0\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F})" \
  R"(\x{205F}\x{3000})"
#define TROUPE_SPACE "[" TROUPE_SPACES "]"
#define TROUPE_INK "[^" TROUPE_SPACES "]"
#define TROUPE_TRAILING TROUPE_SPACE "+(?!" TROUPE_INK ")"
#define TROUPE_SYMBOLS " ?[^" TROUPE_SPACES R"(\p{L}\p{N}]+)"
#define TROUPE_LINES TROUPE_SPACE "*[\\r\\n]+"
#define TROUPE_CASELESS_SUFFIX "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define TROUPE_LEAD R"([^\r\n\p{L}\p{N}]?)"
#define TROUPE_UPPER R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])"
#define TROUPE_LOWER R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])"

constexpr const char* digit = R"(\p{N})";
constexpr const char* gpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+|)" TROUPE_SYMBOLS
                             "|" TROUPE_TRAILING "|" TROUPE_SPACE "+";
constexpr const char* llama3 =
    TROUPE_CASELESS_SUFFIX "|" TROUPE_LEAD R"(\p{L}+|\p{N}{1,3}|)" TROUPE_SYMBOLS
                           R"([\r\n]*|)" TROUPE_LINES "|" TROUPE_TRAILING "|" TROUPE_SPACE "+";
constexpr const char* qwen2 =
    TROUPE_CASELESS_SUFFIX "|" TROUPE_LEAD R"(\p{L}+|\p{N}|)" TROUPE_SYMBOLS
                           R"([\r\n]*|)" TROUPE_LINES "|" TROUPE_TRAILING "|" TROUPE_SPACE "+";
constexpr const char* gpt4o = TROUPE_LEAD TROUPE_UPPER
    "*" TROUPE_LOWER "+" TROUPE_CASELESS_SUFFIX "?|" TROUPE_LEAD TROUPE_UPPER "+" TROUPE_LOWER
    "*" TROUPE_CASELESS_SUFFIX R"(?|\p{N}{1,3}|)" TROUPE_SYMBOLS R"([\r\n/]*|)" TROUPE_LINES
    "|" TROUPE_TRAILING "|" TROUPE_SPACE "+";
constexpr const char* tekken = TROUPE_LEAD TROUPE_UPPER
    "*" TROUPE_LOWER "+|" TROUPE_LEAD TROUPE_UPPER "+" TROUPE_LOWER R"(*|\p{N}|)" TROUPE_SYMBOLS
    R"([\r\n/]*|)" TROUPE_LINES "|" TROUPE_TRAILING "|" TROUPE_SPACE "+";

struct scheme {
  std::initializer_list<std::string_view> names;
  std::initializer_list<const char*> patterns;  // each splits the words of the one before
  bool ignores_merges = false;
  bool adds_bos = false;
};

const scheme schemes[] = {
    {{"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone"}, {digit, gpt2}},
    {{"gpt-2", "gpt2", "phi-2", "mpt", "olmo", "jais", "dbrx"}, {gpt2}},
    {{"default"}, {R"([\p{P}\$\+<=>\^~\|]+)", gpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"}},
    {{"llama-bpe", "llama3", "llama-v3"}, {llama3}, true, true},
    {{"qwen2", "deepseek-r1-qwen", "stablelm2"}, {qwen2}},
    {{"gpt-4o", "llama4"}, {gpt4o}},
    {{"tekken"}, {tekken}, true, true},
};

struct code_deleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct match_deleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct context_deleter {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

// Length of the longest prefix that is all valid (or all broken) UTF-8.
std::size_t run_bytes(std::string_view text, bool& valid) {
  std::size_t at = 0;
  bool known = false;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      if (known && !valid) return at;
      valid = known = true;
      ++at;
      continue;
    }
    const auto step = decode_utf8(text.substr(at));
    if (known && step.valid != valid) return at;
    valid = step.valid;
    known = true;
    at += step.bytes;
  }
  return at;
}

}  // namespace

class pre_tokenizer::stage {
 public:
  explicit stage(const char* pattern) : context_{pcre2_match_context_create(nullptr)} {
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED,
                              PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
    TROUPE_ASSERT(code_ && context_);
    // Without JIT (it may be compiled out, or the system forbid writable code) matching still
    // works.
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);
    pcre2_set_match_limit(context_.get(), match_limit);
  }

  // Appends the matches of valid UTF-8, and what lies between them, in order.
  void split(std::string_view text, pcre2_match_data* match,
             std::vector<std::string_view>& words) const {
    std::size_t at = 0;
    while (at < text.size()) {
      const int count =
          pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                      PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, match, context_.get());
      if (count < 1) break;
      const auto* bounds = pcre2_get_ovector_pointer(match);
      if (bounds[0] > at) words.push_back(text.substr(at, bounds[0] - at));
      words.push_back(text.substr(bounds[0], bounds[1] - bounds[0]));
      at = bounds[1];
    }
    if (at < text.size()) words.push_back(text.substr(at));
  }

 private:
  std::unique_ptr<pcre2_code, code_deleter> code_;
  std::unique_ptr<pcre2_match_context, context_deleter> context_;
};

pre_tokenizer::pre_tokenizer() = default;
pre_tokenizer::pre_tokenizer(pre_tokenizer&&) noexcept = default;
pre_tokenizer::~pre_tokenizer() = default;

caf::expected<pre_tokenizer> pre_tokenizer::make(std::string_view name) {
  for (const auto& scheme : schemes) {
    if (std::ranges::find(scheme.names, name) == scheme.names.end()) continue;
    pre_tokenizer out;
    for (const auto* pattern : scheme.patterns) out.stages_.emplace_back(pattern);
    out.ignores_merges_ = scheme.ignores_merges;
    out.adds_bos_ = scheme.adds_bos;
    return out;
  }
  return make_failure(errc::unsupported, "tokenizer: pre-tokenizer '" +
                                             std::string{name.substr(0, 80)} +
                                             "' (tokenizer.ggml.pre) is not supported");
}

void pre_tokenizer::split(std::string_view text, std::vector<std::string_view>& words) const {
  const std::unique_ptr<pcre2_match_data, match_deleter> match{pcre2_match_data_create(1, nullptr)};
  TROUPE_ASSERT(match);
  std::vector<std::string_view> before, after;
  while (!text.empty()) {
    bool valid = false;
    const auto bytes = run_bytes(text, valid);
    before.assign(1, text.substr(0, bytes));
    for (const auto& stage : stages_) {
      if (!valid) break;
      after.clear();
      for (const auto word : before) stage.split(word, match.get(), after);
      before.swap(after);
    }
    words.insert(words.end(), before.begin(), before.end());
    text.remove_prefix(bytes);
  }
}

}  // namespace troupe::engine
