#include "engine/embedded/serve/api_sampling.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <string>
#include <utility>

#include "engine/embedded/serve/api_output_form.hpp"
#include "engine/embedded/serve/api_tools.hpp"

namespace troupe::engine {

namespace {

constexpr double greedy_temperature = 1e-5;

// A seed nobody asked for: from the system, so that no two requests repeat each other.
std::uint64_t fresh_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

sampling_params read_params(field_reader& fields) {
  sampling_params params;
  params.temperature = fields.number("temperature", 1.0, {0, 1e6});
  params.top_p = fields.number("top_p", 1.0, {0, 1, true});
  params.min_p = fields.number("min_p", 0.0, {0, 1});
  const auto top_k = fields.integer("top_k", 0, {-1, 1e9});
  params.top_k = top_k > 0 ? static_cast<std::uint32_t>(top_k) : 0;  // -1 and 0: all
  params.seed = fields.find("seed") == nullptr
                    ? fresh_seed()
                    : static_cast<std::uint64_t>(fields.integer("seed", 0, {-0x1p63, 0x1p63}));
  return params;
}

// Keys are token ids in quotes; values over the bounds are cut, as vLLM does.
std::vector<token_bias> read_biases(field_reader& fields, std::size_t vocab) {
  std::vector<token_bias> biases;
  const auto* map = fields.find("logit_bias");
  if (map == nullptr) return biases;
  if (!map->is_object()) {
    fields.refuse("logit_bias", "logit_bias must be an object of token ids and numbers");
    return biases;
  }
  for (const auto& [key, value] : map->items()) {
    std::uint32_t token = 0;
    const auto read = std::from_chars(key.data(), key.data() + key.size(), token);
    if (read.ec != std::errc{} || read.ptr != key.data() + key.size() || token >= vocab) {
      fields.refuse("logit_bias", "logit_bias: token id \"" + key + "\" is out of [0, " +
                                      std::to_string(vocab - 1) + "]");
      return {};
    }
    if (!value.is_number()) {
      fields.refuse("logit_bias", "logit_bias: the bias of token " + key + " must be a number");
      return {};
    }
    const auto bias = static_cast<float>(std::clamp(value.get<double>(), -100.0, 100.0));
    biases.push_back({static_cast<std::int32_t>(token), bias});
  }
  return biases;
}

// Each word as it begins a text, and as it follows a space where that starts another token.
std::vector<std::vector<std::int32_t>> encode_bad_words(const std::vector<std::string>& words,
                                                        const tokenizer& text) {
  std::vector<std::vector<std::int32_t>> encoded;
  for (const auto& word : words) {
    const auto start = std::min(word.find_first_not_of(' '), word.size());
    const auto bare = word.substr(start);
    auto plain = text.encode(bare, false, false);
    auto spaced = text.encode(" " + bare, false, false);
    const bool differs =
        !plain.empty() && spaced.size() == plain.size() && spaced.front() != plain.front();
    if (!plain.empty()) encoded.push_back(std::move(plain));
    if (differs) encoded.push_back(std::move(spaced));
  }
  return encoded;
}

token_rules read_rules(field_reader& fields, const api_context& context, api_request& out) {
  const auto penalty = [&](const char* name) {
    return static_cast<float>(fields.number(name, 0, {-2, 2}));
  };
  token_rules rules;
  rules.presence_penalty = penalty("presence_penalty");
  rules.frequency_penalty = penalty("frequency_penalty");
  rules.repetition_penalty =
      static_cast<float>(fields.number("repetition_penalty", 1, {1e-6, 1e6}));
  rules.biases = read_biases(fields, context.text->vocab_size());
  out.bad_words = fields.texts("bad_words", bad_words_max, 256);
  rules.bad_words = encode_bad_words(out.bad_words, *context.text);
  return rules;
}

std::optional<std::uint32_t> read_count(field_reader& fields, const char* name) {
  if (fields.find(name) == nullptr) return std::nullopt;
  return static_cast<std::uint32_t>(fields.integer(name, 0, {0, double{logprobs_max}}));
}

// A chat asks by a flag and a count, the others by a count alone.
std::optional<std::uint32_t> read_logprobs(field_reader& fields, api_kind kind) {
  if (kind != api_kind::chat) return read_count(fields, "logprobs");
  const auto top = read_count(fields, "top_logprobs");
  const bool asks = fields.flag("logprobs", false);
  if (top.value_or(0) > 0 && !asks) {
    fields.refuse("top_logprobs", "when using `top_logprobs`, `logprobs` must be set to true.");
  }
  return asks ? std::optional{top.value_or(0)} : std::nullopt;
}

// Length the client asked for; 0: as much as the context holds.
std::uint32_t read_max_tokens(field_reader& fields, const api_context& context, api_request& out) {
  const bool is_chat = out.kind == api_kind::chat;
  const auto* name =
      is_chat && fields.find("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
  const auto value = fields.integer(name, is_chat ? 0 : 16, {0, 0x1p53});
  if (fields.find(name) != nullptr && value == 0) {
    out.echo_only = out.echo;
    if (out.echo) return 1;
    fields.refuse(name, std::string{name} + " must be at least 1, got 0.");
  }
  if (value > std::int64_t{context.context_tokens_max}) {
    fields.refuse(name, std::string{name} + "=" + std::to_string(value) +
                            " cannot be greater than max_model_len=" +
                            std::to_string(context.context_tokens_max) +
                            ". Please request fewer output tokens.");
  }
  return static_cast<std::uint32_t>(std::min<std::int64_t>(value, INT32_MAX));
}

void read_text_fields(field_reader& fields, const api_context& context, api_request& out) {
  const auto& limits = context.limits;
  out.stops = fields.texts("stop", limits.stop_strings_max, limits.stop_string_bytes_max);
  out.include_stop = fields.flag("include_stop_str_in_output", false);
  out.skip_special_tokens = fields.flag("skip_special_tokens", true);
  out.tokens_as_ids = fields.flag("return_tokens_as_token_ids", false);
  out.has_seed = fields.find("seed") != nullptr;
}

}  // namespace

generation_request read_sampling(field_reader& fields, const api_context& context,
                                 api_request& out) {
  generation_request common;
  read_text_fields(fields, context, out);
  common.sampling = read_params(fields);
  common.rules = read_rules(fields, context, out);
  common.ignore_eos = fields.flag("ignore_eos", false);
  common.stop_token_ids = fields.token_ids("stop_token_ids", context.text->vocab_size());
  common.min_tokens = static_cast<std::uint32_t>(fields.integer("min_tokens", 0, {0, 1e9}));
  common.max_tokens = read_max_tokens(fields, context, out);
  common.logprobs = read_logprobs(fields, out.kind);
  common.prompt_logprobs = read_count(fields, "prompt_logprobs");
  out.tells_prompt_logprobs = common.prompt_logprobs.has_value();
  if (out.echo && !common.prompt_logprobs) common.prompt_logprobs = common.logprobs;
  out.choices = static_cast<std::uint32_t>(
      fields.integer("n", 1, {1, static_cast<double>(context.limits.queued_requests_max)}));
  if (out.choices > 1 && common.sampling.temperature < greedy_temperature) {
    fields.refuse(
        "n", "n must be 1 when using greedy sampling, got " + std::to_string(out.choices) + ".");
  }
  auto form = read_output_form(fields);
  if (out.kind == api_kind::chat) form = read_tools(fields, context, std::move(form), out);
  common.grammar = compile_form(fields, form, context);
  out.form = std::move(form.asked);
  return common;
}

}  // namespace troupe::engine
