#include "engine/embedded/model/tiny_model.hpp"

#include <cmath>
#include <span>

#include "engine/embedded/model/gguf_writer.hpp"
#include "engine/embedded/model/tiny_vocabulary.hpp"

namespace troupe::engine {

namespace {

constexpr std::uint32_t dimension_max = 1U << 14U;

constexpr std::string_view chat_template_source =
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

// Mixes 64 bits; every output bit depends on every input bit (the finaliser of SplitMix64).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

class weight_source {
 public:
  weight_source(gguf_writer& writer, const tiny_model_options& options)
      : writer_{writer}, options_{options} {}

  // Adds a matrix [rows][columns] whose product with a row of unit variance has variance gain^2.
  void matrix(const std::string& name, std::uint32_t rows, std::uint32_t columns, float gain) {
    const float deviation = gain / std::sqrt(static_cast<float>(columns));
    fill(std::size_t{rows} * columns, 0, deviation);
    const std::uint64_t dims[] = {columns, rows};
    writer_.add_tensor(name, options_.type, dims, values_);
  }

  // Adds a norm's weights, spread around one.
  void norm(const std::string& name) {
    fill(options_.hidden, 1, 0.1F);
    const std::uint64_t dims[] = {options_.hidden};
    writer_.add_tensor(name, tensor_type::f32, dims, values_);
  }

 private:
  // Uniform values: products by constants and one sum, kept apart so that nothing can be fused.
  void fill(std::size_t count, float mean, float deviation) {
    const float half_width = deviation * 1.7320508F;
    const auto stream = mix(options_.seed ^ mix(++streams_));
    values_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto bits = static_cast<std::int32_t>(mix(stream + i) >> 40U) - (1 << 23);
      values_[i] = static_cast<float>(bits) * 0x1p-23F * half_width;
    }
    if (mean == 0) return;
    for (auto& value : values_) value += mean;
  }

  gguf_writer& writer_;
  const tiny_model_options& options_;
  std::uint64_t streams_ = 0;
  std::vector<float> values_;
};

caf::error check(const tiny_model_options& o) {
  const auto fail = [](const char* text) {
    return make_failure(errc::invalid_config, std::string{"tiny model: "} + text);
  };
  for (const auto value : {o.layers, o.hidden, o.heads, o.kv_heads, o.ffn, o.context}) {
    if (value == 0) return fail("every dimension must be positive");
  }
  if (o.hidden > dimension_max || o.ffn > dimension_max || o.layers > 256) {
    return fail("hidden and ffn are at most 16384, layers at most 256");
  }
  if (o.hidden % o.heads != 0 || o.hidden / o.heads % 2 != 0) {
    return fail("hidden must be an even multiple of heads");
  }
  if (o.heads % o.kv_heads != 0) return fail("kv_heads must divide heads");
  const auto format = format_of(static_cast<std::uint32_t>(o.type));
  if (!format) return fail("the tensor type is not supported");
  if (o.hidden % format->elements != 0 || o.ffn % format->elements != 0) {
    return fail("hidden and ffn must be multiples of the tensor type's block of 32");
  }
  return caf::none;
}

void add_architecture(gguf_writer& writer, const tiny_model_options& o, std::size_t vocab) {
  writer.add_string("general.architecture", "llama");
  writer.add_string("general.name", "troupe-tiny");
  // The fingerprint covers metadata only: the seed makes it differ where the weights do.
  writer.add_string("troupe.tiny.seed", std::to_string(o.seed));
  writer.add_uint("llama.context_length", o.context);
  writer.add_uint("llama.embedding_length", o.hidden);
  writer.add_uint("llama.block_count", o.layers);
  writer.add_uint("llama.feed_forward_length", o.ffn);
  writer.add_uint("llama.attention.head_count", o.heads);
  writer.add_uint("llama.attention.head_count_kv", o.kv_heads);
  writer.add_float("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  writer.add_uint("llama.rope.dimension_count", o.hidden / o.heads);
  writer.add_float("llama.rope.freq_base", 10000.0F);
  writer.add_uint("llama.vocab_size", static_cast<std::uint32_t>(vocab));
}

void add_tokenizer(gguf_writer& writer, const tiny_vocabulary& vocabulary) {
  writer.add_string("tokenizer.ggml.model", "gpt2");
  writer.add_string("tokenizer.ggml.pre", "smollm");
  writer.add_strings("tokenizer.ggml.tokens", vocabulary.tokens);
  writer.add_ints("tokenizer.ggml.token_type", vocabulary.types);
  writer.add_strings("tokenizer.ggml.merges", vocabulary.merges);
  writer.add_uint("tokenizer.ggml.bos_token_id", 1);
  writer.add_uint("tokenizer.ggml.eos_token_id", 2);
  writer.add_uint("tokenizer.ggml.unknown_token_id", 0);
  writer.add_uint("tokenizer.ggml.padding_token_id", 2);
  writer.add_bool("tokenizer.ggml.add_space_prefix", false);
  writer.add_bool("tokenizer.ggml.add_bos_token", false);
  writer.add_string("tokenizer.chat_template", chat_template_source);
}

// The gains make logits vary by a few units and keep a token from mostly predicting itself, as it
// would if the embedding outweighed what the layers add to it.
void add_weights(gguf_writer& writer, const tiny_model_options& o, std::uint32_t vocab) {
  weight_source weights{writer, o};
  const auto head_dim = o.hidden / o.heads;
  const auto kv_width = head_dim * o.kv_heads;
  weights.matrix("token_embd.weight", vocab, o.hidden, 2.5F);
  for (std::uint32_t layer = 0; layer < o.layers; ++layer) {
    const auto prefix = "blk." + std::to_string(layer) + ".";
    weights.norm(prefix + "attn_norm.weight");
    weights.matrix(prefix + "attn_q.weight", o.hidden, o.hidden, 1.5F);
    weights.matrix(prefix + "attn_k.weight", kv_width, o.hidden, 1.5F);
    weights.matrix(prefix + "attn_v.weight", kv_width, o.hidden, 1.0F);
    weights.matrix(prefix + "attn_output.weight", o.hidden, o.hidden, 4.0F);
    weights.norm(prefix + "ffn_norm.weight");
    weights.matrix(prefix + "ffn_gate.weight", o.ffn, o.hidden, 1.0F);
    weights.matrix(prefix + "ffn_up.weight", o.ffn, o.hidden, 1.0F);
    weights.matrix(prefix + "ffn_down.weight", o.hidden, o.ffn, 6.0F);
  }
  weights.norm("output_norm.weight");
  if (!o.tied) weights.matrix("output.weight", vocab, o.hidden, 2.5F);
}

caf::expected<gguf_writer> fill(const tiny_model_options& options) {
  if (auto error = check(options)) return error;
  const auto vocabulary = make_tiny_vocabulary();
  gguf_writer writer;
  add_architecture(writer, options, vocabulary.tokens.size());
  add_tokenizer(writer, vocabulary);
  add_weights(writer, options, static_cast<std::uint32_t>(vocabulary.tokens.size()));
  return writer;
}

}  // namespace

caf::expected<std::vector<std::byte>> make_tiny_model_bytes(const tiny_model_options& options) {
  const auto writer = fill(options);
  if (!writer) return writer.error();
  return writer->bytes();
}

caf::error make_tiny_model(const std::string& path, const tiny_model_options& options) {
  const auto writer = fill(options);
  if (!writer) return writer.error();
  return writer->write(path);
}

}  // namespace troupe::engine
